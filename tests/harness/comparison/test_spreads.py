import numpy as np
import pytest
from scipy import stats

from otlvm.harness.comparison.spreads import (
    critical_gap,
    critical_size,
    largest_gaps,
    pooled_variance,
    squared_errors,
)


def test_the_pooled_variance_is_that_of_an_analysis_of_variance():
    """That is, of residuals from the rows' means."""
    rng = np.random.default_rng(0)
    rows = [rng.normal(mean, 1, n) for mean, n in ((0, 3), (5, 4), (2, 7))]
    residuals = np.concatenate([row - row.mean() for row in rows])
    sizes = np.array([len(row) for row in rows])
    found = pooled_variance(np.array([row.var(ddof=1) for row in rows]), sizes)
    assert found == pytest.approx((residuals**2).sum() / (len(residuals) - len(rows)))


def test_errors_by_hand():
    """Variances 1 and 3, pooled 2, of four seeds: (1 + 2) / 8 and (3 + 2) / 8."""
    found = squared_errors(np.array([1.0, 3.0]), np.array([4, 4]))
    np.testing.assert_allclose(found, [0.375, 0.625])


def test_of_many_seeds_the_critical_gap_is_tukeys():
    """Then spreads are known, and equal rows lie apart as the studentized range says."""
    rows, many = 6, np.full(6, 4000)
    expected = stats.studentized_range.isf(0.05, rows, np.inf) / np.sqrt(2)
    assert critical_gap(np.ones(rows), many, 0.05) == pytest.approx(expected, rel=0.02)


def test_of_many_seeds_the_critical_size_is_that_of_the_largest_of_normals():
    rows, many = 6, np.full(6, 4000)
    expected = stats.norm.ppf((1 + 0.95 ** (1 / rows)) / 2)  # Sidak
    assert critical_size(np.ones(rows), many, 0.05) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("n", [3, 5])
def test_of_one_row_that_spreads_the_critical_values_are_students(n):
    """Its error is sqrt((s² + s²/10) / 2n), so the gap is t(n - 1) / sqrt(.55)."""
    variances, sizes = np.array([1.0, *[0.0] * 9]), np.full(10, n)
    expected = stats.t.isf(0.025, n - 1) / np.sqrt(0.55)
    # To nine rows without spread, whose error is sqrt(s²/10 / 2n): together .6 s²/n.
    gap = stats.t.isf(0.025, n - 1) / np.sqrt(0.6)
    assert critical_size(variances, sizes, 0.05) == pytest.approx(expected, rel=0.05)
    assert critical_gap(variances, sizes, 0.05) == pytest.approx(gap, rel=0.05)


def test_critical_values_against_brute_force():
    """With other random numbers, pair by pair, and rows of unlike spreads and seeds."""
    variances, sizes, draws = np.array([1.0, 4.0, 0.0, 0.25]), np.array([3, 5, 4, 10]), 20_000
    rng = np.random.default_rng(7)
    largest_gap, largest_size = np.zeros(draws), np.zeros(draws)
    means, drawn = np.zeros((2, draws, 4))
    for row in range(4):
        values = rng.normal(0, np.sqrt(variances[row]), (draws, sizes[row]))
        means[:, row], drawn[:, row] = values.mean(axis=1), values.var(axis=1, ddof=1)
    pooled = (drawn @ (sizes - 1)) / (sizes - 1).sum()
    errors = (drawn + pooled[:, None]) / 2 / sizes
    for i in range(4):
        largest_size = np.maximum(largest_size, np.abs(means[:, i]) / np.sqrt(errors[:, i]))
        for j in range(i):
            gap = np.abs(means[:, i] - means[:, j]) / np.sqrt(errors[:, i] + errors[:, j])
            largest_gap = np.maximum(largest_gap, gap)
    found = critical_gap(variances, sizes, 0.1), critical_size(variances, sizes, 0.1)
    expected = np.quantile(largest_gap, 0.9), np.quantile(largest_size, 0.9)
    assert found == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("how", ["alike", "unlike", "one sided", "ties", "one that spreads"])
@pytest.mark.parametrize("rows", [2, 17, 60])
def test_the_farthest_pair_of_each_draw(rows, how):
    """Pair by pair, one draw at a time; most pairs of many rows are never looked at."""
    rng = np.random.default_rng(rows)
    means, errors = rng.standard_normal((40, rows)), rng.chisquare(2, (40, rows)) / 2 + 0.1
    if how == "unlike":
        spreads = np.exp(3 * rng.standard_normal(rows))
        means, errors = means * spreads, errors * spreads**2
    elif how == "one sided":  # then no two rows lie as far apart as the bound says
        means = np.abs(means) + 3
    elif how == "ties":
        means, errors = means.round(), np.ones_like(errors)
    elif how == "one that spreads":
        means[:, 1:], errors[:, 1:] = 0.0, errors[:, :1]
    expected = [
        max(
            abs(mean[i] - mean[j]) / np.sqrt(error[i] + error[j])
            for i in range(rows)
            for j in range(i)
        )
        for mean, error in zip(means, errors, strict=True)
    ]
    np.testing.assert_array_equal(largest_gaps(means, errors), expected)


def test_rows_without_any_spread_lie_nowhere_else():
    assert critical_gap(np.zeros(4), np.full(4, 3), 0.05) == 0
    assert critical_size(np.zeros(4), np.full(4, 3), 0.05) == 0


def test_the_scale_does_not_matter():
    variances, sizes = np.array([1.0, 2.0, 5.0]), np.array([3, 3, 4])
    found = critical_gap(variances, sizes, 0.05)
    assert critical_gap(1e-12 * variances, sizes, 0.05) == pytest.approx(found)
    assert critical_gap(1e12 * variances, sizes, 0.05) == pytest.approx(found)


def test_hundreds_of_rows():
    rows = 300
    found = critical_gap(np.ones(rows), np.full(rows, 3), 0.05)
    assert found > critical_gap(np.ones(10), np.full(10, 3), 0.05)
