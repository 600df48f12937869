import json
import os
from importlib.metadata import version

import pytest

from otlvm.harness.comparison.card import card
from otlvm.harness.comparison.records import read_records
from otlvm.harness.messages import InputError
from otlvm.harness.planning import lock as locks
from otlvm.harness.planning.jobs import resolve
from otlvm.harness.planning.lock import lock_content, lock_text
from otlvm.harness.store.store import Store
from otlvm.harness.suite import nodes
from otlvm.harness.suite.events import MOST_CHARACTERS
from otlvm.harness.suite.expand import MOST_ROWS
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.lock_section import Lock
from otlvm.harness.suite.yaml import dump, parse

TORCH = version("torch")


def ids(suite):
    return [(job.label, job.seed, job.id) for job in resolve(suite, suite.runs)]


def test_a_lock_expands_to_the_same_runs(locked):
    suite, out = locked
    before, after = load_suite(suite), load_suite(out / "suite.lock.yaml")
    assert ids(after) == ids(before)
    assert after.name == "tiny"
    assert after.table == before.table
    assert after.published == before.published
    assert after.lock.environment["torch"] == TORCH
    assert (after.lock.threads, after.lock.device) == (1, "cpu")


def write_lock(suite, folder):
    """Lock a suite as if it had run."""
    nothing = Lock(written="", device="cpu", threads=1, code=[], data=[], environment={})
    path = folder / "suite.lock.yaml"
    path.write_text(lock_text(lock_content(suite, suite.runs, nothing, folder)))
    return path


def written(suite):
    """What of a suite decides results, as JSON: 1 and 1.0 are not the same there."""
    return [
        (run.label, run.method, run.data, run.seed, json.dumps(run.config, sort_keys=True))
        for run in suite.runs
    ]


@pytest.mark.parametrize(
    "added",
    [
        "runs: [{label: a, objective: vae}]\nbaselines: [kmeans, {name: kmeans, n_init: 2}]\n",
        "runs: [{label: '{weight}', objective: {name: wae, divergence: imq_mmd},"
        " grid: {objective.weight: [1, 2, 3.5]}}]\n",
        "seeds: [0, 1]\nruns:\n"
        "  - {label: a, objective: {name: wae, divergence: imq_mmd, weight: 1}, seeds: [0, 7]}\n"
        "  - {label: b, objective: {name: wae, divergence: imq_mmd, weight: 1.0}}\n"
        "  - {label: c, objective: {name: wae, weight: 1.0, divergence: {name: imq_mmd}}}\n"
        "  - {label: d, objective: vae, train: {rates: {encoder: 0.1}, stop: {share: 0.2}}}\n"
        "  - {label: e, objective: vae, train: {start: {name: trained, run: d}}}\n",
        "grid: {data: [digits, {test_fraction: 0.3, name: digits, scale: unit}]}\n"
        "runs: [{label: a, objective: vae}]\nbaselines: [kmeans]\n",
    ],
)
def test_a_lock_says_once_what_rows_share(write_suite, tmp_path, added):
    suite = load_suite(write_suite(added))
    lock = write_lock(suite, tmp_path)
    assert written(load_suite(lock)) == written(suite)
    assert lock.read_text().count("gaussian_mixture") == 1


GRID = """\
runs:
  - label: w={{weight}} steps={{steps}}
    objective: {{name: wae, divergence: imq_mmd}}
    grid: {{objective.weight: {weights}, train.steps: [4, 5, 6, 7]}}
"""


def test_the_lock_of_the_largest_suite_can_be_read(write_suite, tmp_path):
    rows = load_suite(write_suite(GRID.format(weights=list(range(250))))).runs
    assert len(rows) == MOST_ROWS / 100
    lock = write_lock(load_suite(tmp_path / "suite.yaml"), tmp_path)
    text = lock.read_text()
    assert len(text) < MOST_CHARACTERS / 100
    assert nodes.compose(text).size < nodes.MOST_VALUES / 100


def test_a_suite_whose_lock_could_not_be_read_is_refused(
    write_suite, run_main, tmp_path, monkeypatch
):
    for module in (locks, nodes):
        monkeypatch.setattr(module, "MOST_VALUES", 300)
    suite = write_suite(GRID.format(weights=list(range(20))))
    code, output, errors = run_main(suite, "--out", tmp_path / "out")
    assert (code, output) == (2, "")
    assert "its suite.lock.yaml could not be run" in " ".join(errors.split())
    assert "split the suite" in " ".join(errors.split())
    assert not list((tmp_path / "out").glob("runs/*"))


def test_a_lock_of_several_data_sets(write_suite, run_main, tmp_path):
    suite = write_suite(
        "grid: {data: [digits, {name: digits, test_fraction: 0.3}]}\nbaselines: [kmeans]\n"
    )
    if run_main(suite, "--out", tmp_path / "out")[0] != 0:
        pytest.fail("the suite did not run")
    again = load_suite(tmp_path / "out/suite.lock.yaml")
    assert ids(again) == ids(load_suite(suite))
    assert len({label for label, _, _ in ids(again)}) == 2


def test_a_lock_keeps_braces_in_labels(write_suite, run_main, tmp_path):
    suite = write_suite(
        "baselines: [{name: kmeans, n_init: 2}]\n"
        "runs:\n"
        "  - {label: 'K {baseline}, {{x}} {{', baseline: kmeans, grid: {baseline: [kmeans]}}\n"
        "  - {label: 'p {start} }}', objective: vae, grid: {train.start: [prior]}}\n"
    )
    assert run_main(suite, "--out", tmp_path / "out")[0] == 0
    again = ids(load_suite(tmp_path / "out/suite.lock.yaml"))
    assert again == ids(load_suite(suite))
    labels = {label for label, _, _ in again}
    assert {"K kmeans, {x} {", "p prior }"} < labels


def test_a_lock_says_what_kept_runs_ran_with(locked, run_main, monkeypatch):
    suite, out = locked
    before = parse((out / "suite.lock.yaml").read_text())["lock"]
    monkeypatch.setattr("torch.set_num_threads", lambda n: None)  # two wait for other tests
    monkeypatch.setattr("otlvm.harness.worker.machine.environment", lambda device: {"torch": "1.0"})
    suite.write_text(suite.read_text().replace("metrics: [accuracy, bce]", "order: label"))
    assert run_main(suite, "--out", out, "--threads", "2")[0] == 0
    content = parse((out / "suite.lock.yaml").read_text())
    assert content["table"] == {"order": "label"}
    assert {**content["lock"], "written": ""} == {**before, "written": ""}
    assert run_main(suite, "--out", out, "--threads", "2", "--rerun", "all")[0] == 0
    after = load_suite(out / "suite.lock.yaml").lock
    assert (after.threads, after.environment) == (2, {"torch": "1.0"})


def test_data_of_one_content_are_all_locked(write_suite, run_main, tmp_path):
    grid = "grid: {data: [digits, {name: digits, test_fraction: 0.2}]}\n"
    run_main(write_suite(grid + "baselines: [kmeans]\n"), "--out", tmp_path / "out")
    lock = load_suite(tmp_path / "out/suite.lock.yaml").lock
    assert [item.data for item in lock.data] == [
        {"name": "digits"},
        {"name": "digits", "test_fraction": 0.2},
    ]
    assert len({item.checksum for item in lock.data}) == 1


def test_data_that_were_not_locked_are_said(locked, run_main):
    lock = locked[1] / "suite.lock.yaml"
    other = ("--set", "data.test_fraction=0.4", "--dry-run", "--out", "new")
    code, _, errors = run_main(lock, *other)
    assert code == 0
    assert "the data {name: digits, test_fraction: 0.4} were not locked" in errors


def test_a_locked_suite_recomputes_nothing(locked, run_main):
    _, out = locked
    records = {path: path.read_bytes() for path in out.glob("runs/*/record.json")}
    code, _, errors = run_main(out / "suite.lock.yaml", "--out", out)
    assert code == 0, errors
    assert {path: path.read_bytes() for path in out.glob("runs/*/record.json")} == records
    assert "there, " not in errors


def change(path, edit):
    content = parse(path.read_text())
    edit(content["lock"])
    path.write_text(dump(content))


def test_another_version_is_said_and_other_data_are_refused(locked, run_main):
    _, out = locked
    lock = out / "suite.lock.yaml"
    change(lock, lambda part: part["environment"].update(torch="1.0"))
    code, _, errors = run_main(lock, "--out", out, "--dry-run")
    assert code == 0
    assert f"torch: 1.0 there, {TORCH} here" in errors
    change(lock, lambda part: part.update(code=["0" * 64]))
    assert "the code that decides results" in run_main(lock, "--out", out, "--dry-run")[2]
    change(lock, lambda part: part["data"][0].update(checksum="0" * 64))
    code, _, errors = run_main(lock, "--out", out, "--dry-run")
    assert code == 2
    assert "are not those that it was locked with" in " ".join(errors.split())


def test_a_lock_names_what_ran_and_no_more(suite_of_nine, run_main, tmp_path):
    suite, out = suite_of_nine, tmp_path / "out"
    assert run_main(suite, "--out", out, "--only", "kmeans")[0] == 0
    whole = ids(load_suite(suite))
    kmeans = [run for run in whole if run[0] == "kmeans"]
    assert ids(load_suite(out / "suite.lock.yaml")) == kmeans
    assert run_main(suite, "--out", out, "--only", "VAE")[0] == 0
    both = [run for run in whole if run[0] in ("VAE", "kmeans")]
    assert ids(load_suite(out / "suite.lock.yaml")) == both
    other = tmp_path / "other"
    assert run_main(suite, "--out", other, "--only", "VAE", "--only", "kmeans")[0] == 0
    assert ids(load_suite(other / "suite.lock.yaml")) == both


TWO = """\
seeds: [0, 1]
runs:
  - {label: A, objective: vae}
  - {label: B, objective: vae}
  - {label: C, objective: vae, train: {start: {name: trained, run: B}}}
table: {metrics: [bce]}
"""


def test_rows_of_another_config_are_left_out_and_said(write_suite, run_main, tmp_path):
    suite, out = write_suite(TWO), tmp_path / "out"
    assert run_main(suite, "--out", out)[0] == 0
    code, _, errors = run_main(suite, "--out", out, "--only", "A", "--set", "train.steps=6")
    assert code == 0
    assert "B: left out of the tables" in errors
    assert "C: left out of the tables" in errors
    shown = read_records(Store(out))
    assert list(shown["label"]) == ["A", "A"]
    assert {config["train"]["steps"] for config in shown["config"]} == {6}
    assert {run.config["train"]["steps"] for run in load_suite(out / "suite.lock.yaml").runs} == {6}
    code, _, errors = run_main(suite, "--out", out, "--only", "A")  # the suite's own again: kept
    assert (code, "left out" in errors) == (0, False)
    assert list(read_records(Store(out))["label"]) == ["A", "A"]
    assert run_main(suite, "--out", out)[0] == 0
    assert list(read_records(Store(out))["label"]) == [*"AABBCC"]
    code, _, errors = run_main(suite, "--out", out, "--only", "A")
    assert (code, "left out" in errors) == (0, False)
    assert list(read_records(Store(out))["label"]) == [*"AABBCC"]


def test_a_row_whose_start_changed_is_left_out(write_suite, run_main, tmp_path):
    suite, out = write_suite(TWO), tmp_path / "out"
    assert run_main(suite, "--out", out)[0] == 0
    changed = suite.read_text().replace("{label: B,", "{label: B, train: {steps: 3},")
    suite.write_text(changed)
    code, _, errors = run_main(suite, "--out", out, "--only", "B")
    assert code == 0
    assert "C: left out" in errors
    assert list(read_records(Store(out))["label"]) == [*"AABB"]


def test_the_card_says_what_the_records_say(locked):
    _, out = locked
    lines = card(read_records(Store(out)))
    assert lines["torch"] == TORCH
    assert lines["cores"] == str(os.cpu_count())
    assert lines["threads of each run"] == "1"
    assert lines["seeds"] == "0, 1, 3"
    assert lines["runs"] == "9 done"
    checksum = read_records(Store(out))["data_checksum"][0]
    assert lines["data (SHA-256)"] == f"digits: {checksum[:16]}"
    text = (out / "card.md").read_text()
    assert f"- torch: {TORCH}\n" in text


def test_the_card_of_runs_that_differ(commit):
    lines = card(read_records(commit({"a": [{"accuracy": 0.5}, ("failed", "x")]})))
    assert lines["runs"] == "1 done, 1 failed"


def test_the_card_counts_what_differs(write_study):
    study = {"a": [{"environment": {"torch": v}} for v in ("1.0", "2.0", "2.0")]}
    lines = card(read_records(write_study(study)))
    assert lines["torch"] == "1.0 (1 run), 2.0 (2 runs)"


def test_the_card_names_the_classes(write_study):
    many = [f"class {i}" for i in range(30)]
    study = {"a": [{"class_names": ["cat", "dog"]}], "b": [{"class_names": None}, {}]}
    lines = card(read_records(write_study(study)))
    assert lines["classes"] == "data: cat, dog"
    lines = card(read_records(write_study({"a": [{"class_names": many}]}, name="many")))
    assert lines["classes"].endswith("class 18, class 19 and 10 more")
    assert "classes" not in card(read_records(write_study({"a": [{}]}, name="older")))


def test_the_card_of_runs_without_records(commit):
    lines = card(read_records(commit({"a": [None, None]})))
    assert (lines["runs"], lines["seeds"]) == ("2 missing", "0, 1")


def test_a_lock_is_a_schema_too(write_suite):
    with pytest.raises(InputError, match=r"lock\.code: this key is needed"):
        load_suite(write_suite("baselines: [kmeans]\nlock: {written: now, device: cpu}\n"))


def test_the_manifest_says_what_prior_was_built(run_main, write_suite, tmp_path):
    """A default that is written out is the default."""
    suite = write_suite(
        "runs:\n"
        "  - {label: bare, baseline: kmeans, model: {prior: {name: rotated_2d}}}\n"
        "  - {label: whole, baseline: kmeans, model: {prior: {name: rotated_2d, components: 10}}}\n"
        "  - {label: other, baseline: kmeans, model: {prior: {name: rotated_2d, components: 4}}}\n",
        **{"  prior: {name: gaussian_mixture, components: 3, dim: 2}\n": ""},
    )
    assert run_main(suite, "--out", tmp_path / "out")[0] == 0
    rows = {row["label"]: row for row in Store(tmp_path / "out").manifest()["runs"]}
    assert rows["bare"]["prior"] == rows["whole"]["prior"] != rows["other"]["prior"]
    assert [row["components"] for row in rows.values()] == [10, 10, 4]
