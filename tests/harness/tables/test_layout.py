import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from otlvm.harness.comparison.records import read_records
from otlvm.harness.comparison.summary import long_form, summarize
from otlvm.harness.messages import InputError
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.published_section import choose_published, shipped
from otlvm.harness.tables.layout import lay_out_published
from otlvm.harness.tables.write import views_of, write_tables

ROWS = {
    "b": [{"accuracy": a, "bce": 100.0 + a, "fit_seconds": 1.0} for a in (0.5, 0.6, 0.8)],
    "c": [{"accuracy": 0.9, "bce": 90.0}, {"accuracy": 0.7, "bce": 92.0}],
    "a": [{"accuracy": 0.1, "bce": 80.0}],
}
CONFIGS = {
    label: {"objective": {"name": name, "weight": weight}}
    for label, name, weight in (("b", "wae", 5.0), ("c", "vae", 50.0), ("a", "wae", 500.0))
}


def view_of(store):
    return views_of(store, read_records(store))[0][0]


def labels(view):
    return [(group.heading, [row[0].text for row in group.rows]) for group in view.groups]


def column(view, heading):
    index = [column.heading for column in view.columns].index(heading)
    return [row[index] for group in view.groups for row in group.rows]


def test_without_a_section_all_metrics_and_the_suite_s_order(commit):
    view = view_of(commit(ROWS))
    headings = [column.heading for column in view.columns]
    assert headings == ["", "n", "accuracy ↑", "BCE ↓", "fit s"]
    assert labels(view) == [("", ["b", "c", "a"])]
    assert [cell.sort for cell in column(view, "accuracy ↑")] == pytest.approx(
        [0.6333333, 0.8, 0.1]
    )


def test_metrics_have_order_titles_digits_and_directions_of_the_suite_s_own(commit):
    metrics = ["bce", {"name": "accuracy", "title": "ACC", "digits": 1, "best": "low"}]
    view = view_of(commit(ROWS, table={"metrics": metrics}))
    assert [column.heading for column in view.columns] == ["", "n", "BCE ↓", "ACC ↓"]
    assert [cell.text for cell in column(view, "ACC ↓")] == ["0.6 ± 0.2", "0.8 ± 0.1", "0.1"]
    assert "ACC: the paper's map" in view.note
    assert "fit s" not in view.note


def test_the_direction_decides_what_is_bold(commit):
    rows = {
        "low": [{"bce": v} for v in (1.0, 1.1, 0.9)],
        "high": [{"bce": v} for v in (9.0, 9.2, 8.9)],
    }
    for best, bold in (("low", [True, False]), ("high", [False, True]), ("none", [False, False])):
        view = view_of(commit(rows, table={"metrics": [{"name": "bce", "best": best}]}))
        assert [row[2].bold for row in view.groups[0].rows] == bold


@pytest.mark.parametrize(
    ("order", "expected"),
    [("suite", "bca"), ("label", "abc"), ("accuracy", "cba"), ("bce", "acb")],
)
def test_order(commit, order, expected):
    assert labels(view_of(commit(ROWS, table={"order": order}))) == [("", list(expected))]


def test_order_by_a_metric_puts_rows_without_it_last(commit):
    rows = {"none": [("failed", "x")], **ROWS}
    view = view_of(commit(rows, table={"order": "accuracy"}))
    assert labels(view) == [("", ["c", "b", "a", "none"])]


def test_order_by_a_metric_that_is_not_shown(commit):
    noise = (0.0, 0.01, -0.01)
    rows = {
        name: [{"accuracy": mean + e, "bce": 100.0 + e} for e in noise]
        for name, mean in (("worse", 0.2), ("better", 0.9))
    }
    table = {"metrics": [{"name": "bce", "best": "none"}], "order": "accuracy"}
    view = view_of(commit(rows, table=table))
    assert labels(view) == [("", ["better", "worse"])]
    assert [column.heading for column in view.columns] == ["", "n", "BCE"]
    assert "bold" not in view.note.lower()  # the accuracy differs, which no cell shows


def test_order_by_a_metric_that_no_run_has(commit):
    view = view_of(commit(ROWS, table={"metrics": ["bce"], "order": "ari"}))
    assert labels(view) == [("", ["b", "c", "a"])]


def test_a_seed_without_a_metric_does_not_count_for_its_interval(commit):
    rows = {"a": [{"accuracy": 0.5}, {"accuracy": 0.6}, {"bce": 1.0}]}
    view = view_of(commit(rows, table={"spread": "interval", "metrics": ["accuracy"]}))
    low, high = stats.ttest_1samp([0.5, 0.6], 0).confidence_interval(0.95)
    assert column(view, "accuracy ↑")[0].text == f"0.550 [{low:.3f}, {high:.3f}] (n = 2)"


def test_a_metric_that_some_seeds_lack_says_of_how_many_it_is(commit, tmp_path):
    """With the mark of too few seeds in its cell, while the row's other metrics are ranked."""
    rows = {
        "a": [{"accuracy": 0.9 + e, "bce": 50.0 + e} if e < 0 else {"accuracy": 0.9 + e}
              for e in (-0.02, -0.01, 0.0, 0.01, 0.02)],
        "b": [{"accuracy": 0.5 + e, "bce": 60.0 + e} for e in (0.0, 0.01, 0.02)],
        "c": [{"accuracy": 0.4 + e, "bce": 70.0 + e} for e in (0.0, 0.01, 0.02)],
    }  # fmt: skip
    store = commit(rows)
    view = view_of(store)
    assert [cell.text for cell in column(view, "n")] == ["5", "3", "3"]
    bce = column(view, "BCE ↓")
    assert [cell.text for cell in bce] == ["50.0 ± 0.0 (n = 2°)", "60.0 ± 0.0", "70.0 ± 0.0"]
    assert [cell.bold for cell in bce] == [False, True, False]
    assert [cell.bold for cell in column(view, "accuracy ↑")] == [True, False, False]
    assert "°: fewer than 3 seeds, so not ranked." in view.note
    summary = views_of(store, read_records(store))[1]
    long = long_form(summary).set_index(["label", "metric"])
    assert list(long.loc["a"]["n"]) == [5, 2]
    low, high = stats.ttest_1samp([49.98, 49.99], 0).confidence_interval(0.95)
    assert tuple(long.loc[("a", "bce"), ["low", "high"]]) == pytest.approx((low, high))
    lines = view_of(commit(rows, table={"form": "long"}))
    counts = [cell.text for cell in column(lines, "n")]
    assert counts == ["5", "2 of 5°", "3", "3", "3", "3"]


def test_claims_have_the_digits_of_the_suite_s_own(commit):
    metrics = [{"name": "accuracy", "digits": 1}]
    store = commit(ROWS, table={"metrics": metrics}, claims=["accuracy of b >= 0.3"])
    claims = views_of(store, read_records(store))[0][1]
    assert column(claims, "measured")[0].text == "0.6"


@pytest.mark.parametrize(("number", "shown"), [
    ("123456789", "123456789"), ("0.6543217", "0.6543217"), ("-2", "-2"), ("1e-9", "1e-09"),
])  # fmt: skip
def test_a_claim_s_number_keeps_its_digits(commit, number, shown):
    store = commit(ROWS, claims=[f"accuracy of b < {number}"])
    cell = column(views_of(store, read_records(store))[0][1], "against")[0]
    assert (cell.text, cell.sort) == (shown, float(number))


def test_fields_of_the_config_as_columns_and_groups(commit):
    table = {"columns": ["objective.weight", "objective.depth"], "group": "objective.name"}
    view = view_of(commit(ROWS, configs=CONFIGS, table=table))
    assert labels(view) == [("name: wae", ["b", "a"]), ("name: vae", ["c"])]
    assert [(cell.text, cell.sort) for cell in column(view, "weight")] == [
        ("5", 5.0),
        ("500", 500.0),
        ("50", 50.0),
    ]
    assert {cell.text for cell in column(view, "depth")} == {"–"}


def test_columns_of_one_name_have_their_whole_path(commit):
    table = {"columns": ["objective.name", "data.name", "objective.weight"]}
    view = view_of(commit(ROWS, configs=CONFIGS, table=table))
    headings = [column.heading for column in view.columns]
    assert headings[:4] == ["", "objective.name", "data.name", "weight"]


def test_a_bare_name_is_the_name_of_its_spec(commit):
    configs = {
        "b": {"objective": {"divergence": "energy"}},
        "c": {"objective": {"divergence": {"name": "energy", "on": "joint"}}},
    }
    view = view_of(commit(ROWS, configs=configs, table={"group": "objective.divergence.name"}))
    assert labels(view) == [("name: energy", ["b", "c"]), ("name: –", ["a"])]


def test_the_interval_instead_of_the_standard_deviation(commit):
    view = view_of(commit(ROWS, table={"spread": "interval", "metrics": ["accuracy"]}))
    values = (0.5, 0.6, 0.8)
    found = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    text = column(view, "accuracy ↑")[0].text
    mean, low, high = (
        float(part) for part in text.replace("[", "").strip("]").replace(",", "").split()
    )
    assert mean == pytest.approx(np.mean(values), abs=5e-4)
    assert (low, high) == pytest.approx(tuple(found), abs=5e-4)
    assert "95 % t interval" in view.note


def test_the_long_form_has_a_line_for_each_metric(commit):
    view = view_of(commit(ROWS, table={"form": "long", "metrics": ["accuracy", "bce"]}))
    assert labels(view) == [("", ["b", "b", "c", "c", "a", "a"])]
    lines = [[cell.text for cell in row[1:]] for row in view.groups[0].rows]
    assert lines[0][:4] == ["accuracy ↑", "3", "0.633", "0.153"]
    assert lines[0][5] == "–"  # of three seeds nothing is trimmed
    assert lines[-1] == ["BCE ↓", "1", "80.0", "–", "–", "–"]


def test_the_interquartile_mean_of_four_seeds(commit):
    values = [0.5, 0.6, 0.8, 0.9]
    rows = {"a": [{"accuracy": value} for value in values]}
    view = view_of(commit(rows, table={"form": "long", "metrics": ["accuracy"]}))
    assert view.groups[0].rows[0][-1].text == f"{stats.trim_mean(values, 0.25):.3f}"


def near_zero(*values):
    return [{"latent_mmd": value} for value in values]


@pytest.mark.parametrize("spread", ["std", "interval"])
def test_what_rounds_to_zero_has_no_sign(commit, spread):
    rows = {"a": near_zero(-0.00002, -0.00001), "b": near_zero(-0.2, -0.2)}
    table = {"metrics": ["latent_mmd"], "spread": spread}
    store = commit(rows, table=table, claims=["latent_mmd of a < 0"])
    views, _ = views_of(store, read_records(store))
    first, second = column(views[0], "MMD² →0")
    assert first.text.split()[0] == "0.0000"
    assert "-0.0000" not in first.text
    assert second.text.startswith("-0.2000")
    assert column(views[1], "measured")[0].text == "0.0000"


def test_near_zero_orders_by_the_mean_size(commit):
    """The first has the mean that is nearest to zero, and the values that are farthest."""
    rows = {"both sides": near_zero(0.01, -0.01), "small": near_zero(0.002, 0.003)}
    view = view_of(commit(rows, table={"order": "latent_mmd"}))
    assert labels(view) == [("", ["small", "both sides"])]


def spread(mean, key="accuracy"):
    return [{key: mean + e} for e in (0.0, 0.01, -0.01)]


@pytest.mark.parametrize("form", ["wide", "long"])
def test_rows_that_are_left_out_are_marked(commit, form):
    rows = {"lucky": [{"accuracy": 0.99}], "a": spread(0.8), "b": spread(0.3)}
    view = view_of(commit(rows, table={"form": form}))
    assert [cell.text for cell in column(view, "n")] == ["1°", "3", "3"]
    cells = column(view, "accuracy ↑" if form == "wide" else "mean")
    assert [cell.bold for cell in cells] == [False, True, False]
    assert "°: fewer than 3 seeds, so not ranked." in view.note
    assert "°" not in view_of(commit({"a": spread(0.8), "b": spread(0.3)})).note


def test_the_smallest_difference_stands_below(commit):
    rows = {"a": spread(0.8), "b": spread(0.3), "c": spread(0.5)}
    assert "show, four times of five: accuracy 0.048." in view_of(commit(rows)).note
    apart = {label: {"data": label[0], "method": label} for label in ("x1", "x2", "y1", "y2")}
    rows = {"x1": spread(0.8), "x2": spread(0.3), "y1": spread(0.5), "y2": spread(0.5)}
    rows["y2"] = [{"accuracy": 0.5 + 10 * e} for e in (0.0, 0.01, -0.01)]
    note = view_of(commit(rows, named=apart)).note
    found = re.search(r"four times of five: accuracy (0\.\d+)–(0\.\d+)\.", note)
    assert float(found[2]) > 3 * float(found[1])
    equal = {"a": [{"accuracy": 0.5}] * 3, "b": [{"accuracy": 0.4}] * 3}
    assert "four times of five" not in view_of(commit(equal)).note


def test_rows_that_all_failed_stand_in_the_long_form_too(commit):
    rows = {"a": [("failed", "x"), ("diverged", "y")], "b": [None]}
    view = view_of(commit(rows, table={"form": "long"}))
    lines = [[cell.text for cell in row] for row in view.groups[0].rows]
    assert [len(line) for line in lines] == [len(view.columns)] * 2
    assert lines[0][:4] == ["a", "–", "0 of 2", "failed, diverged"]
    assert lines[1][:4] == ["b", "–", "0 of 1", "–"]


def test_the_long_csv_holds_what_the_wide_one_does(commit, tmp_path):
    store = commit(ROWS)
    records = read_records(store)
    summary = summarize(records)
    write_tables(records, summary, views_of(store, records)[0], tmp_path)
    wide = pd.read_csv(tmp_path / "table.csv", index_col="label")
    tidy = pd.read_csv(tmp_path / "table_long.csv")
    assert list(dict.fromkeys(tidy["label"])) == ["b", "c", "a"]
    assert len(tidy) == 3 + 2 + 2
    for row in tidy.to_dict("records"):
        for name in ("mean", "std", "iqm", "low", "high"):
            expected = wide.loc[row["label"], f"{row['metric']}_{name}"]
            assert row[name] == pytest.approx(expected, nan_ok=True)


def test_nothing_finished_gives_an_empty_long_form(commit):
    tidy = long_form(summarize(read_records(commit({"a": [None]}))))
    assert tidy.empty
    assert "metric" in tidy.columns


def test_each_data_set_is_ranked_by_itself(commit):
    noise = (0.0, 0.01, -0.01)
    means = {("x", "one"): 0.9, ("y", "one"): 0.5, ("x", "two"): 0.2, ("y", "two"): 0.4}
    rows = {
        f"{method}, {data}": [{"accuracy": mean + (e if method == "x" else -e)} for e in noise]
        for (method, data), mean in means.items()
    }
    named = {f"{m}, {d}": {"method": m, "data": d} for m, d in means}
    view = view_of(commit(rows, named=named))
    assert labels(view) == [("one", ["x, one", "y, one"]), ("two", ["x, two", "y, two"])]
    bold = [row[0].text for group in view.groups for row in group.rows if row[2].bold]
    assert bold == ["x, one", "y, two"]
    assert "Each data set is ranked by itself." in view.note


def test_rows_that_are_alone_on_their_data_are_not_said_to_lack_seeds(commit):
    rows = {label: [{"accuracy": 0.5}] * 3 for label in ("x, one", "x, two")}
    named = {label: {"method": "x", "data": label[3:]} for label in rows}
    assert "Nothing is bold" not in view_of(commit(rows, named=named)).note


# the suite's section


BAD = [
    ("table: {metrics: [acuracy]}\n", "table.metrics[0]", "accuracy"),
    ("table: {metrics: [{name: accuracy, digit: 2}]}\n", "table.metrics[0].digit", "digits"),
    ("table: {metrics: [bce, bce]}\n", "table.metrics[1]", "twice"),
    ("table: {order: acc}\n", "table.order", "suite, label, accuracy"),
    ("table: {form: broad}\n", "table.form", "'wide' or 'long'"),
    ("table: {spred: std}\n", "table.spred", "spread"),
    ("published: [Vade]\n", "published[0]", "VaDE"),
    ("published: [VaDE, VaDE]\n", "published[1]", "twice"),
    ("published: [{method: X, value: 1.0}]\n", "published[0]", "is needed"),
    ("published: some\n", "published", "all"),
    ("published: [VaDE, 3]\n", "published[1]", "expected a valid string or keys and values, got 3"),
    ("published: \n", "published", "expected a valid string or a valid list"),
    ("table:\n", "table", "expected keys and values, got nothing"),
    (
        "table: {metrics: [3]}\n",
        "table.metrics[0]",
        "expected a valid string or keys and values, got 3",
    ),
    ("table: {columns: [model, data.nam]}\n", "table.columns[1]", "did you mean 'data.name'?"),
    ("table: {group: objective.name}\n", "table.group", "no run gives"),
]


@pytest.mark.parametrize(("added", "where", "told"), BAD)
def test_mistakes_are_told_before_any_training(write_suite, added, where, told):
    path = write_suite("baselines: [kmeans]\n" + added)
    with pytest.raises(InputError) as error:
        load_suite(path)
    message = error.value.message
    assert message.startswith(f"{path}:7: {where}") or message.startswith(f"{path}:8: {where}")
    assert told in message


def test_a_suite_s_section_reaches_the_table(write_suite, run_main, tmp_path):
    suite = write_suite(
        "baselines: [kmeans]\nseeds: [0, 1]\n"
        "table: {metrics: [ari, {name: nmi, digits: 1}], form: long}\n"
        "published: [VaDE, {method: Ours 2020, value: 0.5, components: 3, statistic: mean,\n"
        "  protocol: p, split: s, source: here}]\n"
    )
    code, output, _ = run_main(suite)
    assert code == 0
    assert "IQM" in output
    assert "Ours 2020" in output
    text = (tmp_path / "runs/tiny/table.md").read_text()
    assert text.index("| kmeans | ARI") < text.index("| kmeans | NMI") < text.index("VaDE")
    assert "accuracy" not in text[: text.index("## Published accuracy")]


# the literature


def test_what_ships_is_complete_and_says_where_it_stands():
    rows = shipped()
    assert {"K-means", "AE + K-means", "DEC", "VaDE", "GM-WAE"} <= {row.method for row in rows}
    for row in rows:
        assert 0 < row.value <= 1
        assert row.source
        assert row.protocol
        assert row.split
    assert choose_published("all") == rows
    assert [row.value for row in choose_published(["VaDE"])] == [0.9446]


def test_published_values_stand_by_themselves_grouped_by_k(commit):
    rows = shipped()
    (view,) = lay_out_published(
        [*rows, rows[0].model_copy(update={"components": 16, "spread": 0.02})]
    )
    assert [group.heading for group in view.groups] == ["K = 10", "K = 16"]
    assert view.groups[1].rows[-1][1].text == "0.553 ± 0.020"
    assert not any(cell.bold for group in view.groups for row in group.rows for cell in row)
    assert "Never ranked with ours" in view.note
    store = commit(ROWS, published=[row.model_dump() for row in rows])
    views, summary = views_of(store, read_records(store))
    assert list(summary.index) == ["b", "c", "a"]
    assert len(views) == 2


def test_what_is_to_be_known_of_a_row_stands_below_the_table(run_main, write_suite, tmp_path):
    suite = write_suite(
        "runs:\n"
        "  - {label: seven, objective: vae, model: {prior: {components: 7}}}\n"
        "  - {label: three, objective: vae}\n"
    )
    code, _, errors = run_main(suite, "--out", tmp_path / "out")
    assert code == 0, errors
    table = (tmp_path / "out" / "table.md").read_text()
    assert "seven: the 7 means are not equidistant in 2 dimensions: 4 to 8.99 sigma apart." in table
    assert "three: " not in table
