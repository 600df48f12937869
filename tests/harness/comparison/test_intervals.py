import numpy as np
import pandas as pd
import pytest
from scipy import stats

from otlvm.harness.comparison.intervals import interquartile_means, t_interval


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_the_interval_is_that_of_scipy(n):
    values = np.random.default_rng(n).normal(3, 2, n)
    low, high = t_interval(values.mean(), values.std(ddof=1), n)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx(tuple(expected))


def test_by_hand():
    """12.706 and 4.303: the .975 quantiles of Student's t with 1 and 2 degrees of freedom."""
    low, high = t_interval([0.5, 0.5], [0.1, 0.1], [2, 3])
    half = np.array([12.706, 4.303]) * 0.1 / np.sqrt([2, 3])
    np.testing.assert_allclose(low, 0.5 - half, atol=1e-4)
    np.testing.assert_allclose(high, 0.5 + half, atol=1e-4)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_it_covers_the_mean_as_often_as_it_says(n):
    values = np.random.default_rng(0).normal(1, 3, (20_000, n))
    low, high = t_interval(values.mean(axis=1), values.std(axis=1, ddof=1), n)
    covered = np.mean((low <= 1) & (high >= 1))
    assert covered == pytest.approx(0.95, abs=0.006)


@pytest.mark.parametrize(("n", "worst"), [(2, 0.55), (3, 0.8), (5, 0.88)])
def test_the_percentile_bootstrap_does_not(n, worst):
    """Why there is none: all means of a resample of a few values can be written down."""
    values = np.random.default_rng(0).normal(1, 3, (1000, n))
    resamples = np.stack(np.meshgrid(*[np.arange(n)] * n), -1).reshape(-1, n)
    means = values[:, resamples].mean(axis=2)
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    assert np.mean((low <= 1) & (high >= 1)) < worst


def test_one_value_has_no_interval_and_equal_values_have_a_point():
    low, high = t_interval([0.5, 0.5, 0.5], [np.nan, 0.0, 0.0], [1, 2, 0])
    np.testing.assert_array_equal(low, [np.nan, 0.5, np.nan])
    np.testing.assert_array_equal(high, [np.nan, 0.5, np.nan])


def test_interquartile_means_are_trimmed_means():
    """Rows of 0 to 11 values, mixed up, and a run of each without a value."""
    rng = np.random.default_rng(0)
    samples = {f"row {n}": rng.exponential(size=n) for n in range(12)}
    runs = [(label, value) for label, values in samples.items() for value in [*values, np.nan]]
    frame = pd.DataFrame(runs, columns=["label", "value"]).sample(frac=1, random_state=0)
    found = interquartile_means(frame["value"], frame["label"])
    assert set(found.index) == samples.keys() - {"row 0"}
    for label, mean in found.items():
        values = np.sort(samples[label])
        cut = len(values) // 4
        if cut:
            assert mean == pytest.approx(values[cut : len(values) - cut].mean())
            assert mean == pytest.approx(stats.trim_mean(values, 0.25))
        else:  # nothing is trimmed
            assert np.isnan(mean)
