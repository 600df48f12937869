import numpy as np
import pandas as pd
import pytest
from scipy import stats

from otlvm.harness.comparison.seed_tests import spread
from otlvm.harness.comparison.significance import Samples, rank
from otlvm.harness.metrics import METRICS

BY_KEY = {metric.key: metric for metric in METRICS}
NOISE = np.array([0.0, 0.03, -0.02, 0.01, -0.02])


def frame(rows, key):
    return pd.DataFrame(
        [
            {"label": label, "seed": seed, key: value}
            for label, values in rows.items()
            for seed, value in enumerate(values)
        ]
    )


def ranked(rows, key="accuracy"):
    return rank(frame(rows, key), BY_KEY[key])


def tied(rows, key="accuracy"):
    return set(ranked(rows, key).tied)


def test_rows_that_cannot_be_told_from_the_best():
    rows = {"best": 0.8 + NOISE, "near": 0.79 + NOISE[::-1], "far": 0.5 + NOISE[::-1]}
    assert tied(rows) == {"best", "near"}


def test_shared_seeds_make_no_pairs():
    """Seeds differ far more than rows do; that one row always wins by as much may be luck."""
    seeds = np.array([0.2, 0.4, 0.6, 0.8])
    steady = np.array([0.050, 0.051, 0.049, 0.052])
    assert stats.ttest_rel(seeds, seeds + steady).pvalue < 1e-5
    assert tied({"a": seeds, "b": seeds + steady}) == {"a", "b"}


def test_the_order_of_seeds_and_rows_does_not_matter():
    rng = np.random.default_rng(0)
    rows = {f"row {i}": 0.5 + 0.05 * i + 0.05 * rng.standard_normal(3) for i in range(7)}
    shuffled = {label: rng.permutation(rows[label]) for label in reversed(rows)}
    assert 1 < len(tied(rows)) < len(rows)
    assert tied(rows) == tied(shuffled)


@pytest.mark.parametrize(
    ("key", "best"), [("accuracy", "c"), ("bce", "a"), ("latent_mmd", "b"), ("fit_seconds", None)]
)
def test_directions(key, best):
    rows = {"a": -1 + NOISE, "b": 0.01 + NOISE / 10, "c": 1 + NOISE}
    assert tied(rows, key) == ({best} if best else set())


def test_a_mean_of_zero_is_not_near_zero():
    """Values far on both sides lose to values that are small."""
    rows = {
        "both sides": [0.01, -0.01, 0.011, -0.011, 0.0],
        "small": [0.002, 0.0021, 0.0019, 0.002, 0.0021],
        "large": [0.1, 0.1002, 0.0999, 0.1, 0.1001],
    }
    assert "small" in tied(rows, "latent_mmd")
    few = {
        "both sides": [0.01, -0.01, 0.01],
        "small": [0.002, 0.0021, 0.0019],
        "c": [0.1, 0.1, 0.1],
    }
    assert tied(few, "latent_mmd") == {"small"}


def test_all_rows_are_described_as_each_alone():
    """Rows of unlike length and size; one of equal seeds, one that differs by rounding alone."""
    rng = np.random.default_rng(0)
    rows = [rng.normal(10.0**i, 1, int(rng.integers(3, 9))) for i in range(-3, 4)]
    rows += [np.full(3, 0.7), np.array([0.1 + 0.2, 0.3, 0.3])]
    table = Samples(rows)
    np.testing.assert_allclose(table.means, [row.mean() for row in rows])
    np.testing.assert_allclose(table.variances, [spread(row) for row in rows])
    assert list(table.variances == 0) == [False] * 7 + [True] * 2
    assert list(table.sizes) == [len(row) for row in rows]


def test_two_rows_are_compared_by_welch():
    rng = np.random.default_rng(0)
    told = []
    for gap in np.linspace(0, 6, 13):
        one, two = rng.normal(0, 1, 3), rng.normal(gap, 2, 5)
        p_value = stats.ttest_ind(one, two, equal_var=False).pvalue
        assert (len(tied({"a": one, "b": two})) == 1) == (p_value <= 0.05)
        told.append(p_value <= 0.05)
    assert len(set(told)) == 2


@pytest.mark.parametrize(
    "rows",
    [
        {"a": [0.1, 0.2], "b": [0.8, 0.9]},
        {"a": [0.1, 0.2, 0.1]},
        {"a": [0.1, 0.2, 0.1], "b": [0.9]},
    ],
    ids=["two seeds", "one row", "one row of enough seeds"],
)
def test_too_few_to_tell(rows):
    found = ranked(rows)
    assert found.tied == set()
    assert found.left_out == set()
    assert np.isnan(found.smallest)


@pytest.mark.parametrize("values", [[0.99], [0.99, 0.98]])
def test_a_row_of_too_few_seeds_is_left_out_and_named(values):
    """On top, it would take the mark of all others."""
    rows = {"lucky": values, "a": 0.8 + NOISE, "b": 0.79 + NOISE, "far": 0.3 + NOISE}
    found = ranked(rows)
    assert found.tied == {"a", "b"}
    assert found.left_out == {"lucky"}


def test_seeds_without_the_metric_do_not_count():
    found = ranked({"a": 0.8 + NOISE, "b": 0.2 + NOISE, "c": [0.9, 0.9, np.nan]})
    assert (found.tied, found.left_out) == ({"a"}, {"c"})


def test_a_row_that_is_infinite_is_left_out():
    found = ranked({"a": 10 + NOISE, "b": 20 + NOISE, "c": [1.0, 1.0, np.inf]}, "bce")
    assert (found.tied, found.left_out) == ({"a"}, {"c"})


def test_rows_without_spread_are_told_by_their_values():
    rows = {"a": [0.5] * 3, "same": [0.5] * 3, "shifted": [0.499] * 3, "wide": [0.1, 0.5, 0.3]}
    found = tied(rows)
    assert "shifted" not in found
    assert {"a", "same"} <= found
    assert tied({"a": [0.3] * 3, "b": [0.1 + 0.2] * 3, "c": [0.2] * 3}) == {"a", "b"}  # rounding


def test_rows_that_spread_little_are_told_apart_beside_one_that_spreads_much():
    rows = {"a": 0.500 + NOISE / 1e3, "b": 0.498 + NOISE / 1e3, "wild": 0.2 + 10 * NOISE}
    assert tied(rows) == {"a", "wild"}


def test_a_row_that_spreads_much_is_not_told_by_the_spread_of_the_others():
    """Pooled over ten rows its spread would look small."""
    rows = {f"row {i}": 0.5 + NOISE[:3] / 1e3 + i / 1e6 for i in range(9)}
    assert "wild" in tied({**rows, "wild": [0.3, 0.4, 0.49]})


def test_a_row_of_huge_numbers_leaves_the_others_told_apart():
    """Rounding is that of the two that are compared."""
    rows = {"a": [30.0, 30.1, 29.9], "b": [60.0, 60.1, 59.9], "c": [1e14, 2e14, 3e14]}
    assert "b" not in tied(rows, "bce")


def test_no_records():
    empty = pd.DataFrame(columns=["label", "seed", "accuracy"])
    assert rank(empty, METRICS[0]).tied == set()
    nothing = pd.DataFrame({"label": ["a"] * 3, "accuracy": [np.nan] * 3})
    assert rank(nothing, METRICS[0]).tied == set()


@pytest.mark.parametrize(("rows", "n"), [(2, 3), (10, 3), (10, 10)])
def test_the_smallest_difference_is_told_four_times_of_five(rows, n):
    rng = np.random.default_rng(0)
    drawn = [Samples(rng.normal(0, 1, (rows, n))) for _ in range(30)]
    smallest = np.mean([samples.smallest_difference() for samples in drawn])
    means = np.array([0, *[smallest] * (rows - 1)])[:, None]
    told = [Samples(means + rng.normal(0, 1, (rows, n))).told_from_best()[1:] for _ in range(200)]
    assert np.mean(told) == pytest.approx(0.8, abs=0.06)


def test_the_smallest_difference_falls_with_the_seeds_and_scales_with_the_values():
    values = np.random.default_rng(0).normal(0, 1, (10, 20))
    few, many = (Samples(values[:, :n]).smallest_difference() for n in (3, 20))
    assert many < 0.5 * few
    assert Samples(100 * values[:, :3]).smallest_difference() == pytest.approx(100 * few)
    assert Samples(np.array([[0.1] * 3, [0.2] * 3])).smallest_difference() == 0
