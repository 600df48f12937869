"""Which value is better, said once."""

import pandas as pd
import pytest

from otlvm.harness.comparison.records import read_records
from otlvm.harness.metrics import METRICS, Metric
from otlvm.numbers import RESERVED, Number


@pytest.mark.parametrize(
    ("best", "order"),
    [("high", [3, 2, 0, 1]), ("low", [1, 0, 2, 3]), ("near zero", [0, 2, 1, 3])],
)
def test_the_lowest_cost_is_best(best, order):
    values = pd.Series([-0.1, -3.0, 2.0, 5.0])
    costs = Metric("m", "m", best, 1).costs(values)
    assert list(costs.sort_values().index) == order
    assert list(values) == [-0.1, -3.0, 2.0, 5.0]


def test_values_of_both_signs_do_not_cancel():
    both, small = pd.Series([-4.0, 4.0]), pd.Series([1.0, 1.0])
    metric = Metric("m", "m", "near zero", 1)
    assert metric.costs(both).mean() == 4 > metric.costs(small).mean() == 1


def test_keys_and_titles_name_one_metric_each():
    for name in ("key", "title"):
        assert len({getattr(metric, name) for metric in METRICS}) == len(METRICS)


def test_no_number_has_the_name_of_what_tables_say_of_runs(commit):
    store = commit({"a": [{"accuracy": 0.5}]}, named={"a": {"prior": "gm()", "components": 10}})
    others = {*read_records(store)} - {metric.key for metric in METRICS}
    assert others == set(RESERVED) - {"n", "runs", "problems", "cost", "step"}
    for key in ("status", "seed", "data", "n"):
        with pytest.raises(ValueError, match=f"'{key}' is no name for a number"):
            Metric(key, "mine", None, 1)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"best": "hihg"},
            r"best of mine is 'hihg' \(did you mean 'high'\?\): say high, low, near",
        ),
        ({"best": "max"}, "best of mine is 'max': say high, low, near zero or None"),
        ({"best": ""}, "best of mine is ''"),
        ({"yardstick": "datas"}, r"yardstick of mine is 'datas' \(did you mean 'data'\?\)"),
        ({"digits": 2.5}, "digits of mine are 2.5: a whole number from 0 to 17"),
        ({"digits": "2"}, "digits of mine are '2'"),
        ({"digits": -1}, "digits of mine are -1"),
        ({"digits": True}, "digits of mine are True"),
    ],
)
def test_a_number_that_no_table_could_write_is_refused_where_it_is_made(changed, told):
    with pytest.raises(ValueError, match=told):
        Number(**{"key": "mine", "title": "mine", "best": "low", "digits": 2, **changed})
