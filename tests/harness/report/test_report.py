import argparse
import base64
import re
import shlex
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from otlvm.harness.commands import run
from otlvm.harness.commands.report import main
from otlvm.harness.comparison.records import read_records
from otlvm.harness.figures.style import style, write
from otlvm.harness.report.page import write_report
from otlvm.harness.report.sections import MOST_SECTIONS, rerun_command
from otlvm.harness.store.store import Store
from otlvm.harness.tables.html import to_html
from otlvm.harness.tables.view import Cell, Column, Group, View
from otlvm.harness.tables.write import views_of

VOID = {"meta", "link", "input", "img", "br", "hr", "path", "polyline"}
HOSTILE = "<script>alert(1)</script> \"x\" 'y' </details> $z$ {{ 1 }} & a"
CURVES = [{"step": step, "bce": 100.0 - step, "accuracy": step / 10} for step in (1, 2, 3)]


class Page(HTMLParser):
    """A page whose elements are all closed in order; gathers what the tests ask for."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.headings = [], [], [], []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.ids += [value for key, value in attrs if key == "id"]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self.open):
            self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def page_of(store, **options):
    records = read_records(store)
    path = store.root / "report.html"
    views, _ = views_of(store, records)
    write_report(store, views, records, path, **options)
    page = Page(path.read_text(encoding="utf-8"))
    assert [item for item, count in Counter(page.ids).items() if count > 1] == []
    jumps = np.diff(page.headings)
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert jumps.max() <= 1, "a level of headings is left out"
    return page


# the page


def test_a_run_tells_all(write_study, picture_arrays):
    metrics = {"accuracy": 0.51234, "bce": 99.96, "own_metric": 2.5}
    store = write_study({"a b": [{"metrics": metrics}]}, arrays=picture_arrays(), curves=CURVES)
    (store.runs / read_records(store)["id"][0] / "model").mkdir()
    page = page_of(store, card={"torch build": "cpu"})
    for text in (
        *("0.512", "100.0", "own_metric", "2.5", "objective: name: wae"),
        *("sum of the data", "60.0 s", "2.8.0", "0123456789ab", "torch build"),
        *("2026-05-01 10:00 UTC", "2026-05-01 10:01 UTC", "1 done", "otlvm.load('"),
        "First two principal components of 3 dimensions",
    ):
        assert text in " ".join(page.text.split()), text
    assert len(page.all("polyline")) == 2
    assert len(page.all("img")) == 5  # two halves of reconstructions, components, codes twice
    assert all(image["alt"] and image["loading"] == "lazy" for image in page.all("img"))


def test_what_rounds_to_zero_has_no_sign(write_study):
    page = page_of(write_study({"a": [{"metrics": {"latent_mmd": -0.00001, "ari": -0.5}}]}))
    assert "-0.0000" not in page.text
    assert "-0.500" in page.text


def test_a_curve_of_one_point_is_seen(write_study):
    page = page_of(write_study({"a": [{}]}, curves=CURVES[:1]))
    assert [(dot["cx"], dot["cy"]) for dot in page.all("circle")] == [("160.0", "60.0")] * 2
    assert page_of(write_study({"a": [{}]}, name="other", curves=CURVES)).all("circle") == []


def test_classes_have_their_names(write_study, picture_arrays):
    arrays = picture_arrays(classes=3)
    arrays["code_labels"][:4] = -1
    names = ["cat", "<b> & dog", "a bag, with or without handles"]
    text = page_of(write_study({"a": [{"class_names": names}]}, arrays=arrays)).text
    for name in ("cat", "<b> & dog", "a bag, with or without hand…"):
        assert text.count(name) == 2, name  # the legend of the codes, and a row of the shares
    assert "no label" in text
    older = page_of(write_study({"a": [{}]}, name="older", arrays=arrays))
    assert "cat" not in older.text


def test_the_page_needs_nothing_else(write_study, picture_arrays):
    page = page_of(write_study({"a": [{}]}, arrays=picture_arrays()))
    for _, attributes in page.tags:
        for key in ("src", "href"):
            assert attributes.get(key, "#").startswith(("#", "data:"))
    (policy,) = (m["content"] for m in page.all("meta") if "http-equiv" in m)
    assert policy.startswith("default-src 'none';")
    assert page.all("html") == [{"lang": "en"}]


def test_a_failure_is_explained(write_study):
    failed = {"status": "failed", "reason": "ValueError: <no> luck", "details": "Traceback\n  <f>"}
    store = write_study(
        {"a": [failed], "b": [{"status": "timeout", "environment": {}}], "c": [None]}
    )
    ids = list(read_records(store)["id"])
    log = "first\n" + "\n".join(f"line {i}" for i in range(100)) + "\n\x1b[31mred\x1b[0m & gone"
    (store.runs / ids[1] / "log.txt").write_text(log)
    page = page_of(store)
    for text in ("ValueError: <no> luck", "Traceback\n  <f>", "line 99\nred & gone", "1 missing"):
        assert text in page.text
    assert "first\n" not in page.text
    assert "\x1b" not in page.text


def test_the_reason_why_there_are_no_pictures(write_study):
    page = page_of(write_study({"a": [{"pictures_failed": "ValueError: of <them>"}]}))
    assert "ValueError: of <them>" in page.text


def test_a_damaged_result_shows_nothing(write_study, picture_arrays):
    store = write_study({"a": [{"metrics": {"accuracy": 0.25}}]}, arrays=picture_arrays())
    (store.runs / read_records(store)["id"][0] / "pictures.npz").write_bytes(b"PK")
    page = page_of(store)
    assert "1 missing" in page.text
    assert page.all("img") == []


def test_labels_are_no_markup(write_study, picture_arrays):
    store = write_study(
        {HOSTILE: [{"metrics": {"accuracy": 0.5}}, {"status": "failed", "reason": HOSTILE}]},
        name="study",
        arrays=picture_arrays(),
        curves=CURVES,
    )
    store.write_manifest(HOSTILE, store.manifest()["runs"])
    page = page_of(store, card={HOSTILE: HOSTILE})
    assert len(page.all("script")) == 1
    assert len(page.all("details")) == 2
    assert page.text.count(HOSTILE) >= 8
    assert any(HOSTILE in svg["aria-label"] for svg in page.all("svg"))
    assert any(HOSTILE in image["alt"] for image in page.all("img"))


def test_equal_configs_under_two_labels_have_two_sections(write_study):
    store = write_study({"a": [{}]})
    (cell,) = store.manifest()["runs"]
    store.write_manifest("study", [cell, {**cell, "label": "b"}])
    page = page_of(store)
    assert [d["id"] for d in page.all("details")] == ["run-1", "run-2"]


def test_every_run_failed(write_study):
    page = page_of(write_study({"a": [{"status": "failed", "reason": "x"}], "b": [None]}))
    assert len(page.all("details")) == 2
    assert page_of(write_study({"c": [None]}, name="other")).text.count("missing") >= 2


def test_many_runs(write_study):
    rows = {f"row {i}": [None, None] for i in range(MOST_SECTIONS // 2)}
    assert len(page_of(write_study(rows)).all("details")) == MOST_SECTIONS
    more = page_of(write_study({**rows, "one more": [None]}))
    filters = [details["data-filter"] for details in more.all("details")]
    assert filters == [f"{label}, seed 0, missing" for label in [*rows, "one more"]]
    assert "101 of 201 runs have a section here" in " ".join(more.text.split())
    assert "one more" in more.text
    many = page_of(write_study({f"row {i}": [None] for i in range(MOST_SECTIONS + 5)}))
    assert len(many.all("details")) == MOST_SECTIONS


def test_figures_are_embedded_in_their_order(write_study):
    store = write_study({"a": [{}]})
    for name in ("zebra", "ranks", "curves"):
        Image.new("RGB", (200, 100)).save(store.root / f"{name}.png", dpi=(200, 200))
    images = page_of(store).all("img")
    assert [re.search(r"(\w+)\.png", image["alt"])[1] for image in images] == [
        *("curves", "ranks", "zebra")
    ]
    assert {(image["width"], image["height"]) for image in images} == {("134", "67")}


def test_a_figure_is_there_for_dark_pages_and_costs_no_more(write_study):
    store = write_study({"a": [{}]})
    with style():
        figure = Figure((3, 2))
        figure.subplots().plot([0, 1], label="a")
    write(figure, store.root / "curves")
    light, on_dark = page_of(store).all("img")
    assert (light["class"], on_dark["class"]) == ("on-light", "on-dark")
    assert light["alt"] == on_dark["alt"]
    whole = len(base64.b64encode((store.root / "curves.png").read_bytes()))
    assert len(light["src"]) + len(on_dark["src"]) <= 1.2 * whole


@pytest.mark.parametrize("label", [HOSTILE, "-dash", "--set", ""])
def test_the_command_that_computes_a_run_again(tmp_path, label):
    words = shlex.split(rerun_command(tmp_path / "a b", label, 3))
    root = f"{tmp_path}/a b"
    assert words[:3] == ["otlvm", "run", f"{root}/suite.lock.yaml"]
    assert words[3:5] == [f"--only={label}", f"--rerun={label}"]
    assert words[5:] == ["--set", "seeds=[3]", "--out", f"{root}-again"]
    parser = argparse.ArgumentParser()
    run.add_arguments(parser)
    options = parser.parse_args(words[2:])
    assert (options.only, options.rerun, options.set) == ([label], label, ["seeds=[3]"])


def test_the_command_line(write_study, capsys):
    store = write_study({"a": [{}, None]})
    assert main([str(store.root)]) == 0
    assert re.search(r"report\.html: 2 runs, \d\.\d MiB", capsys.readouterr().out)
    assert Page((store.root / "report.html").read_text()).all("table")
    assert not list(store.root.glob("*.new"))
    assert main([str(store.root / "nowhere")]) == 2


def test_the_command_draws_the_figures_of_this_suite(write_study, capsys):
    """And removes those of ours that an earlier suite in the folder asked for."""
    store = write_study({"a": [{"metrics": {"accuracy": 0.5}}]}, curves=CURVES)
    old = ["collapse.png", "collapse.pdf", "dark/collapse.png", "curves.png", "mine.png"]
    (store.root / "dark").mkdir()
    for name in old:
        Image.new("RGB", (200, 100)).save(store.root / name, "PNG")
    asked = [{"name": "images", "rows": ["a"]}]
    store.write_manifest("study", store.manifest()["runs"], figures=asked)
    assert main([str(store.root)]) == 0
    assert "figure images is left out: 'a'" in " ".join(capsys.readouterr().out.split())
    text = (store.root / "report.html").read_text()
    shown = {re.search(r"(\w+)\.png", image["alt"])[1] for image in Page(text).all("img")}
    assert shown == {"curves", "mine"}
    left = {str(path.relative_to(store.root)) for path in store.root.rglob("*.p[nd][gf]")}
    assert left == {"curves.png", "curves.pdf", "dark/curves.png", "mine.png"}
    with Image.open(store.root / "curves.png") as image:
        assert image.width > 1000


def test_torch_is_never_imported():
    code = "import sys, otlvm.harness.commands.report; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ARRAYS = "originals modes samples codes prior_codes code_labels code_components class_components"


@pytest.mark.parametrize("left_out", ARRAYS.split())
def test_any_array_may_be_missing(write_study, picture_arrays, left_out):
    arrays = picture_arrays()
    del arrays[left_out]
    page = page_of(write_study({"a": [{}]}, arrays=arrays))
    assert len(page.all("details")) == 1


def test_a_baseline_has_only_shares(write_study, picture_arrays):
    shares = {"class_components": picture_arrays()["class_components"]}
    page = page_of(write_study({"kmeans": [{}]}, arrays=shares))
    assert page.all("img") == []
    assert page.text.count("0.25") == 12


def test_a_store_that_is_empty(tmp_path):
    assert main([str(tmp_path)]) == 2
    assert not (Store(tmp_path).root / "report.html").exists()


# tables


def test_to_html():
    columns = [Column("", numeric=False), Column("x ↑"), Column("kind", numeric=False)]
    rows = [
        [Cell("<b>", "b"), Cell("1.0 ± 0.1", 1.0, bold=True), Cell("k", "k")],
        [Cell("a", "a"), Cell("–"), Cell("∞", float("inf"))],
        [Cell("n"), Cell("nan", float("nan")), Cell("", 3)],
    ]
    html = to_html(View("T & t", columns, [Group("", rows[:1]), Group("second", rows[1:])]))
    page = Page(html)
    assert "<caption>T &amp; t</caption>" in html
    assert html.count("<tbody>") == 2
    assert '<th scope="rowgroup" colspan="3">second</th>' in html
    assert [th["scope"] for th in page.all("th")] == [
        *("col", "col", "col", "row", "rowgroup", "row", "row")
    ]
    assert '<th scope="row" data-text="b">&lt;b&gt;</th>' in html
    assert '<td class="number" data-number="1.0"><strong>1.0 ± 0.1</strong></td>' in html
    assert '<td class="number">–</td>' in html
    assert '<td data-number="Infinity">∞</td>' in html
    assert '<td class="number">nan</td>' in html
    assert "row" in page.text  # a heading that is empty has no name to press
