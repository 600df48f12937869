import html
import io
import json
import re
import statistics

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from rich.console import Console

from otlvm.harness.commands.table import main, show
from otlvm.harness.comparison.records import read_curves, read_records
from otlvm.harness.comparison.summary import summarize
from otlvm.harness.figures.curves import draw_curves
from otlvm.harness.figures.rows import choose_rows
from otlvm.harness.figures.write import write_figures
from otlvm.harness.metrics import METRICS
from otlvm.harness.store.store import Store
from otlvm.harness.tables import terminal
from otlvm.harness.tables.latex import to_latex
from otlvm.harness.tables.markdown import to_markdown
from otlvm.harness.tables.terminal import print_view
from otlvm.harness.tables.write import views_of, write_tables


def table_of(store):
    return summarize(read_records(store))


def view_of(store):
    return views_of(store, read_records(store))[0][0]


def markdown_of(store):
    return to_markdown([view_of(store)])


def latex_of(store):
    return to_latex([view_of(store)])


def printed(store, width):
    output = io.StringIO()
    print_view(view_of(store), Console(file=output, width=width))
    return output.getvalue()


def markdown_rows(text):
    """Label and cells of each row of a Markdown table."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    return rows[0], {row[0]: row[1:] for row in rows[1:]}


def unescaped(markdown):
    return html.unescape(re.sub(r"\\([!-/:-@[-`{-~])", r"\1", markdown))


# numbers


def test_mean_and_standard_deviation(commit):
    accuracy, bce = [0.5, 0.75, 0.9], [100.0, 103.5, 91.25]
    store = commit(
        {
            "three": [{"accuracy": a, "bce": b} for a, b in zip(accuracy, bce, strict=True)],
            "one": [{"accuracy": 0.25, "bce": 7}],
        }
    )
    records, summary = read_records(store), table_of(store)
    assert list(records["label"]) == ["three"] * 3 + ["one"]
    assert list(records["seed"]) == [0, 1, 2, 0]
    assert list(summary.index) == ["three", "one"]
    assert summary.loc["three", "accuracy_mean"] == pytest.approx(statistics.mean(accuracy))
    assert summary.loc["three", "accuracy_std"] == pytest.approx(statistics.stdev(accuracy))
    assert summary.loc["three", "bce_std"] == pytest.approx(np.std(bce, ddof=1))
    by_hand = pd.DataFrame({"accuracy": accuracy, "bce": bce}).agg(["mean", "std"])
    for metric in ("accuracy", "bce"):
        for statistic in ("mean", "std"):
            assert summary.loc["three", f"{metric}_{statistic}"] == pytest.approx(
                by_hand.loc[statistic, metric]
            )
    assert summary.loc["one", "bce_mean"] == 7
    assert np.isnan(summary.loc["one", "bce_std"])
    assert summary[["nmi_mean", "nmi_std"]].isna().all(axis=None)
    assert list(summary["n"]) == [3, 1]


def test_rows_keep_the_suite_s_order(commit):
    rows = {label: [{"accuracy": 0.5}] for label in ("z", "a", "M", "10", "9")}
    store = commit(rows)
    assert list(table_of(store).index) == list(rows)
    assert list(markdown_rows(markdown_of(store))[1]) == list(rows)


def test_markdown_keeps_a_row_on_one_line(commit):
    label = "a\nb | $x$ *c*"
    rows = {label: [{"bce": 1.0}], "failed": [("failed", "ValueError: two\nlines")]}
    text = markdown_of(commit(rows, name="my_suite"))
    assert r"| a b \| \$x\$ \*c\* | 1 | 1.0 |" in text.splitlines()
    assert "- failed: seed 0 failed: ValueError: two lines" in text.splitlines()
    assert text.startswith("## my\\_suite\n")


def test_csv_keeps_all_digits(commit, tmp_path):
    store = commit({"a": [{"bce": 1 / 3}, {"bce": 2 / 3}], "b": [{"bce": 1e-9}]})
    show(store, Console(file=io.StringIO()))
    table = pd.read_csv(tmp_path / "out/table.csv", index_col="label")
    assert table.loc["a", "bce_mean"] == statistics.mean([1 / 3, 2 / 3])
    assert table.loc["b", "bce_mean"] == 1e-9
    assert list(table.index) == ["a", "b"]
    assert list(table["n"]) == [2, 1]


def test_cells(commit):
    store = commit(
        {
            "a": [{"accuracy": 0.5, "bce": 99.95}, {"accuracy": 0.6, "bce": 99.95}],
            "b": [{"accuracy": 0.25}],
            "c": [("failed", "no"), {"accuracy": 0.125, "bce": 1.0}],
            "d": [None],
        }
    )
    header, rows = markdown_rows(markdown_of(store))
    assert header == ["", "n", "accuracy ↑", "BCE ↓"]
    assert rows == {
        "a": ["2", "0.550 ± 0.071", "100.0 ± 0.0"],
        "b": ["1", "0.250", "–"],
        "c": ["1 of 2", "0.125", "1.0"],
        "d": ["0 of 1", "–", "–"],
    }


# the best


SEEDS = [0.0, 0.01, -0.01]


def with_noise(*rows, key="accuracy"):
    """Rows of three seeds around the given means."""
    return {
        label: [{key: mean + sign * noise} for noise in SEEDS]
        for label, mean, sign in (("a", rows[0], 1), ("b", rows[1], -1), ("c", rows[2], 1))
    }


@pytest.mark.parametrize(
    ("key", "means", "best"),
    [
        ("accuracy", (0.1, 0.9, 0.5), {"b"}),
        ("accuracy", (0.895, 0.9, 0.5), {"a", "b"}),
        ("bce", (100, 90, 120), {"b"}),
        ("latent_mmd", (-0.5, 0.1, 0.9), {"b"}),
        ("fit_seconds", (1, 2, 3), set()),
    ],
)
def test_the_group_that_ties_with_the_best_is_bold(commit, key, means, best):
    store = commit(with_noise(*means, key=key))
    shown = markdown_rows(markdown_of(store))[1]
    assert {label for label, cells in shown.items() if cells[-1].startswith("**")} == best
    latex = latex_of(store)
    assert latex.count("\\textbf{") == len(best)
    for label in best:
        assert re.search(rf"^    {label} & 3 & \\textbf\{{", latex, re.MULTILINE)
    rule = "Bold: cannot be told from the best mean;"
    assert (rule in markdown_of(store)) == bool(best)


def test_with_too_few_seeds_nothing_is_bold_and_it_says_so(commit):
    text = markdown_of(commit({"a": [{"bce": 1.0}] * 2, "b": [{"bce": 2.0}] * 2}))
    assert "**" not in text
    assert "Nothing is bold: telling rows apart needs 3 seeds or more." in text


def test_only_finished_runs_count_for_the_best(commit):
    rows = with_noise(0.5, 0.7, 0.4)
    rows["b"] = [("diverged", "x")] * 3
    shown = markdown_rows(markdown_of(commit(rows)))[1]
    assert [label for label, cells in shown.items() if cells[-1].startswith("**")] == ["a"]


# failures


BROKEN = {"term": "loss", "value": "nan", "step": 7}
FAILED = {
    "good": [{"accuracy": 0.5}, {"accuracy": 0.7}],
    "half": [{"accuracy": 0.9}, ("failed", "ValueError: no luck")],
    "none": [("diverged", "loss is nan at step 7", BROKEN), ("failed", "OSError: x")],
    "waiting": [None, {"accuracy": 0.2}],
}


def test_failed_runs_are_shown_with_their_reason(commit):
    store = commit(FAILED)
    summary = table_of(store)
    assert view_of(store).problems == [
        "half: seed 1 failed: ValueError: no luck",
        "none: seed 0 diverged: loss is nan at step 7; seed 1 failed: OSError: x",
    ]
    assert list(summary["n"]) == [2, 1, 0, 1]
    assert list(summary["runs"]) == [2, 2, 2, 2]
    assert summary.loc["half", "accuracy_mean"] == 0.9
    markdown = markdown_of(store)
    assert "- half: seed 1 failed: ValueError: no luck\n" in markdown
    assert markdown_rows(markdown)[1]["none"] == ["0 of 2", "nan @ 7, failed"]
    assert markdown_rows(markdown)[1]["waiting"] == ["1 of 2", "0.200"]
    assert "half: seed 1 failed: ValueError: no luck" in printed(store, 100)
    assert "0 of 2" in printed(store, 100)
    assert "0 of 2 & nan @ 7, failed" in latex_of(store)
    latex = " ".join(latex_of(store).split())
    assert (
        "Runs without a result: \\par half: seed 1 failed: ValueError: no luck \\par none:" in latex
    )
    write_tables(read_records(store), summary, [view_of(store)], store.root)
    written = (store.root / "table.html").read_text()
    assert "<li>half: seed 1 failed: ValueError: no luck</li>" in written
    assert "Mean ± standard deviation over seeds (n), held-out data, eval mode." in written


def test_an_interrupted_run_is_shown_as_such(commit):
    store = commit({"a": [{"accuracy": 0.5}], "b": [None]})
    run = read_records(store)["id"][1]
    (store.folder(run) / "checkpoint").touch()
    assert view_of(store).problems == ["b: seed 0 interrupted"]
    assert markdown_rows(markdown_of(store))[1]["b"] == ["0 of 1", "interrupted"]


def test_times_taken_side_by_side_are_marked(commit):
    rows = {"a": [{"accuracy": 0.5, "fit_seconds": 2, "step_ms": 3, "peak_mb": 4}]}
    alone, shared = (markdown_of(commit(rows, side_by_side=n)) for n in (1, 2))
    assert "∥" not in alone
    assert markdown_rows(shared)[1]["a"] == ["1", "0.500", "2.0 ∥", "3.0 ∥", "4"]
    assert "∥: other runs shared the machine; times are not comparable." in shared
    assert r"2.0 \ensuremath{\parallel}" in latex_of(commit(rows, side_by_side=2))


def test_where_no_time_is_shown_none_is_said_to_be_shared(commit):
    rows = {"a": [{"accuracy": 0.5, "fit_seconds": 2}]}
    table = {"metrics": ["accuracy"]}
    assert "∥" not in markdown_of(commit(rows, side_by_side=2, table=table))
    table["metrics"].append("fit_seconds")
    assert "∥: other runs" in markdown_of(commit(rows, side_by_side=2, table=table))


def test_every_run_failed(commit, tmp_path):
    store = commit({"a": [("failed", "x")], "b": [None]})
    output = io.StringIO()
    show(store, Console(file=output, width=80))
    assert "seed 0 failed: x" in output.getvalue()
    assert "a: seed 0 failed: x" in (tmp_path / "out/table.md").read_text()
    table = pd.read_csv(tmp_path / "out/table.csv", index_col="label")
    assert list(table["n"]) == [0, 0]
    for name in ("table.md", "table.tex"):  # the rows are there even if there is no number
        assert re.search(r"^[| ]+b\b.*0 of 1", (tmp_path / "out" / name).read_text(), re.MULTILINE)


# escapes


@pytest.mark.parametrize(
    ("label", "latex"),
    [
        ("a|b", r"a\textbar{}b"),
        ("a & b", r"a \& b"),
        ("a_b_c", r"a\_b\_c"),
        ("50%", r"50\%"),
        ("#1 {x} $y$", r"\#1 \{x\} \$y\$"),
        ("~^\\", r"{\textasciitilde}{\textasciicircum}{\textbackslash}"),
        ("a<b>c", r"a\textless{}b\textgreater{}c"),
        (
            "β=1, λ=2 → 3 ± 1",
            r"\ensuremath{\beta}=1, \ensuremath{\lambda}=2 {\textrightarrow} 3 \ensuremath{\pm} 1",
        ),
        ("déjà vu 中", r"d\'ej\`a vu [U+4E2D]"),
    ],
)
def test_labels_are_escaped(commit, label, latex):
    store = commit({label: [{"accuracy": 0.5}], "other": [("failed", "a & b")]}, name="a_b")
    (row,) = [line for line in latex_of(store).splitlines() if line.endswith("0.500 \\\\")]
    assert row.strip() == rf"{latex} & 1 & 0.500 \\"
    assert "\\caption{a\\_b}\n  \\label{tab:a-b}\n" in latex_of(store)
    _, rows = markdown_rows(markdown_of(store))
    assert {unescaped(name): cells for name, cells in rows.items()} == {
        label: ["1", "0.500"],
        "other": ["0 of 1", "failed"],
    }


@pytest.mark.parametrize("label", ["*a* and *b*", "`a", "<b>", "[red]a[/red]", "__a__", "a_b"])
def test_labels_are_no_markup(commit, label):
    store = commit({label: [{"accuracy": 0.5}], "other": [{"accuracy": 0.1}]})
    assert label in printed(store, 100)
    (name, _) = markdown_rows(markdown_of(store))[1]
    assert not re.search(r"(?<!\\)[*`<]|(?<![\\\w])_", name)
    assert unescaped(name) == label


def test_latex_has_as_many_cells_as_columns(commit):
    keys = [metric.key for metric in METRICS]
    store = commit({"a": [dict.fromkeys(keys, 1.0)], "b": [dict.fromkeys(keys, -1.0)]})
    latex = latex_of(store)
    parts = latex.split(r"\begin{tabular}")[1:]
    shown = 0
    for part in parts:
        columns = re.match(r"\{(l+r+)\}", part)[1]
        rows = [line for line in part.splitlines() if line.endswith(r"\\")]
        assert len(rows) == 3
        assert {len(re.split(r"(?<!\\)&", row)) for row in rows} == {len(columns)}
        shown += len(columns) - 2
    assert shown == len(METRICS)
    assert len(parts) > 1  # so many do not fit a column
    assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
    assert latex.isascii()


def test_long_latex_tables_go_on_in_another_float(commit):
    store = commit({f"row {i}": [{"accuracy": 0.5}] for i in range(100)})
    latex = latex_of(store)
    assert latex.count(r"\begin{table}") == latex.count(r"\end{table}") == 3
    assert latex.count("continued}") == 2
    assert re.findall(r"row (\d+) &", latex) == [str(i) for i in range(100)]


@pytest.mark.parametrize("width", [80, 120])
def test_printed_tables_fit(commit, width):
    values = {metric.key: 1234.5 for metric in METRICS}
    rows = {f"GM-WAE (IMQ), weight={i}": [values, values] for i in range(3)}
    output = printed(commit(rows), width)
    assert max(map(len, output.splitlines())) <= width
    assert "…" not in output
    for metric in METRICS:
        assert metric.heading in output


# figures and the command


CURVES = [{"step": step, "bce": 100 - step, "accuracy": step / 10} for step in (1, 2)]


def test_of_a_long_table_the_beginning_is_printed_and_all_is_written(commit, monkeypatch):
    monkeypatch.setattr(terminal, "MOST", 3)
    bad = {f"bad {i}": [("failed", "x")] for i in range(4)}
    store = commit({**bad, **{f"row {i}": [{"accuracy": 0.1}] for i in range(5)}})
    text = printed(store, 200)
    shown = [name for name in (*bad, *(f"row {i}" for i in range(5))) if name in text]
    assert shown == ["bad 0", "bad 1", "bad 2"]
    assert "The first 3 of 9 rows are shown. The first 3 of 4 rows with problems are" in text
    assert "bad 3: seed 0 failed: x" in to_markdown([view_of(store)])
    assert "The first" not in to_markdown([view_of(store)])


def test_show_writes_all_files(commit, tmp_path):
    store = commit({"a": [{"accuracy": 0.5}], "k": [{"accuracy": 0.3}]}, curves=CURVES)
    (store.runs / read_records(store)["id"][1] / "curves.csv").unlink()  # as a baseline
    output = io.StringIO()
    show(store, Console(file=output, width=80))
    out = tmp_path / "out"
    names = [
        "table_long.csv",
        "table.md",
        "table.tex",
        "table.html",
        "card.md",
        "curves.png",
        "curves.pdf",
    ]
    assert ", ".join(names) in " ".join(output.getvalue().split())
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "curves.pdf").read_bytes().startswith(b"%PDF")
    assert (out / "table.md").read_text().startswith("## study\n")


@pytest.mark.parametrize("label", ["_a", "a_b", "$5", "$5 or $6", r"$\x$", "100 %", "λ=1"])
def test_figures_with_any_label(commit, tmp_path, label):
    store = commit({label: [{"accuracy": 0.5}], "b": [{"accuracy": 0.5}]}, curves=CURVES)
    show(store, Console(file=io.StringIO()))
    assert (tmp_path / "out/curves.png").stat().st_size > 1000


def test_a_figure_shows_a_dozen_rows_and_says_so(commit, monkeypatch):
    store = commit({f"row {i}": [{"accuracy": i / 100}] for i in range(20)}, curves=CURVES)
    shown = choose_rows(read_records(store))
    assert list(shown["label"]) == [f"row {i}" for i in range(8, 20)]
    titles = []
    monkeypatch.setattr(Figure, "suptitle", lambda self, text, **_: titles.append(text))
    write_figures(store, read_records(store))
    assert titles == ["the 12 most accurate of 20 rows"]
    few = commit({"a": [{"accuracy": 0.1}], "b": [{"accuracy": 0.2}]}, curves=CURVES)
    assert len(choose_rows(read_records(few))) == 2


def test_no_curves_no_figure(commit, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/curves.png").touch()  # of the suite as it was before
    show(commit({"k": [{"accuracy": 0.3}]}), Console(file=io.StringIO()))
    assert not (tmp_path / "out/curves.png").exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "holds no results"),
        ("{", "suite.json is damaged"),
        ("{}", "another version"),
        ("[]", "another version"),
        ('{"schema": 1, "name": "x"}', "names no runs"),
        ('{"schema": 1, "name": "x", "runs": 3}', "names no runs"),
        ('{"schema": 1, "name": "x", "runs": []}', "names no runs"),
        ('{"schema": 1, "name": "x", "runs": [{"label": "a"}]}', "names no runs"),
    ],
)
def test_no_store(tmp_path, capsys, text, told):
    if text is not None:
        (tmp_path / "suite.json").write_text(text)
    assert main([str(tmp_path)]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert told in " ".join(errors.split())
    assert 0 < len(errors.splitlines()) < 10


# the store


def test_manifest(tmp_path):
    store = Store(tmp_path)
    runs = [{"label": "β", "seed": 0, "id": "r"}]
    store.write_manifest("name", runs)
    assert store.manifest() == {"schema": 1, "name": "name", "runs": runs}
    assert json.loads((tmp_path / "suite.json").read_text())["runs"] == runs
    assert [path.name for path in tmp_path.iterdir()] == ["suite.json"]


@pytest.mark.parametrize("level", [0.05, 0.3, 0.95])
def test_figure_shows_the_baselines(commit, level):
    store = commit({"a": [{"accuracy": 0.5}], "k": [{"accuracy": level}]}, curves=CURVES)
    records = read_records(store)
    (store.runs / records["id"][1] / "curves.csv").unlink()  # as a baseline
    figure = draw_curves(read_curves(store, records), records)
    low, high = figure.axes[0].get_ylim()
    (line,) = (line for line in figure.axes[0].lines if line.get_label() == "k")
    assert low <= line.get_ydata()[0] <= high
    assert figure.legends[0].get_texts()[-1].get_text() == "k"
