import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from otlvm.harness.comparison.seed_tests import Gaps, games_howell, holm, spread, welch


def gaps_of(one, two):
    means = one.mean() - two.mean()
    return Gaps.between([means], spread(one), spread(two), len(one), len(two))


@pytest.mark.parametrize(("n", "m"), [(3, 3), (2, 7), (10, 4)])
def test_welch_is_that_of_scipy(n, m):
    rng = np.random.default_rng(n)
    one, two = rng.normal(0.5, 1, n), rng.normal(0, 3, m)
    found = stats.ttest_ind(one, two, equal_var=False, alternative="greater")
    gaps = gaps_of(one, two)
    assert welch(gaps)[0] == pytest.approx(found.pvalue)
    assert gaps.freedom[0] == pytest.approx(found.df)


def test_welch_against_a_row_without_spread_is_a_t_test_against_a_number():
    one, two = np.array([0.5, 0.6, 0.8]), np.full(3, 0.4)
    found = stats.ttest_1samp(one, 0.4, alternative="greater")
    assert welch(gaps_of(one, two))[0] == pytest.approx(found.pvalue)
    from_it = Gaps.of_rows(one.mean() - 0.4, spread(one), 3)
    assert welch(from_it)[0] == pytest.approx(found.pvalue)


def test_welch_of_rows_without_spread():
    same, more = np.full(3, 0.5), np.full(3, 0.6)
    assert welch(gaps_of(same, same))[0] == 0.5
    assert welch(gaps_of(more, same))[0] == 0
    assert welch(gaps_of(same, more))[0] == 1


ROWS = (np.array([24.5, 23.5, 26.4, 27.1, 29.9]), np.array([28.4, 34.2, 29.5, 32.2, 30.1]),
        np.array([26.1, 28.3, 24.3, 26.2, 27.8]), np.array([25.0, 25.1, 24.9]))  # fmt: skip


@pytest.mark.parametrize(
    ("pair", "expected"),
    [((0, 1), 0.0641), ((0, 2), 0.9970), ((1, 2), 0.0407), ((0, 3), 0.6830), ((1, 3), 0.0160)],
)
def test_games_and_howell_is_that_of_scipy(pair, expected):
    """Against values of `scipy.stats.tukey_hsd(*ROWS, equal_var=False)` of scipy 1.17."""
    one, two = (ROWS[index] for index in pair)
    assert games_howell(gaps_of(one, two), len(ROWS))[0] == pytest.approx(expected, abs=1e-4)
    if "equal_var" in inspect.signature(stats.tukey_hsd).parameters:  # scipy 1.16
        found = stats.tukey_hsd(*ROWS, equal_var=False).pvalue[pair]
        assert games_howell(gaps_of(one, two), len(ROWS))[0] == pytest.approx(found)


def test_of_two_rows_games_and_howell_is_welch():
    gaps = gaps_of(*ROWS[:2])
    assert games_howell(gaps, 2)[0] == pytest.approx(2 * (1 - welch(gaps)[0]), abs=1e-6)


def test_holm_is_that_of_statsmodels():
    p_values = np.random.default_rng(0).uniform(size=12) ** 3
    expected = multipletests(p_values, 0.05, method="holm")[1]
    np.testing.assert_allclose(holm(p_values), expected)


def test_holm_counts_what_was_tested():
    found = holm(np.array([0.02, np.nan, 0.03, 0.9]))
    np.testing.assert_allclose(found, [0.06, np.nan, 0.06, 0.9])
    assert len(holm(np.array([]))) == 0


def test_rounding_is_no_spread():
    assert spread(np.array([0.1 + 0.2, 0.3, 0.3])) == 0
    assert spread(np.array([0.3, 0.300001, 0.3])) > 0
    assert spread(np.array([1e-17, 0.0, 0.0]), scale=0.3) == 0
    assert spread(np.array([0.5])) == 0


@pytest.mark.parametrize("suite", ["paper_10d_cpu", "paper_2d_cpu"])
@pytest.mark.parametrize("metric", ["accuracy", "nmi", "bce", "latent_mmd", "components_used"])
def test_shared_seeds_make_no_pairs(suite, metric):
    """Why different rows are compared by Welch's test; docs/tables.md gives the range."""
    path = Path(__file__).parents[3] / "results" / suite / "runs.csv"
    if not path.exists():
        pytest.skip("no kept results, as in the source distribution")
    done = pd.read_csv(path).query("status == 'done'")
    values = done.pivot_table(index="seed", columns="label", values=metric).dropna(axis=1)
    related = values.loc[:, values.std() > 1e-6].corr().to_numpy()
    between = related[np.triu_indices_from(related, 1)]
    assert len(between) > 20
    assert -0.1 < between.mean() < 0.3
