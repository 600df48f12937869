"""Which rows cannot be told from the best, and how far apart rows must lie to be told.

A row is told from the best mean where two tests agree: the comparison of all pairs in `spreads`,
which lets few seeds tell much since rows lend each other their spreads, and Welch's test of the two
alone, which guards where they spread unlike. It is also told where Games and Howell's test of all
pairs, each by its own spread, leaves next to no doubt: rows that spread little are told apart
beside others that spread much. The levels of the three were chosen by simulation (docs/tables.md;
``tests/harness/comparison/test_level_and_power.py``): of ten rows the chance that any row as good
as the best is called worse stays below `LEVEL`, with three seeds or more, for rows that spread
alike, unlike or not at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from otlvm.harness.comparison.seed_tests import (
    LEVEL,
    MIN_SEEDS,
    ROUNDING,
    Gaps,
    games_howell,
    welch,
)
from otlvm.harness.comparison.spreads import critical_gap, pooled_variance, squared_errors
from otlvm.harness.metrics import Metric

ALL_PAIRS_LEVEL = 0.04
TWO_ROWS_LEVEL = 0.03
OWN_SPREADS_LEVEL = 0.005
POWER = 0.8
SIMULATED = 5000
RULE = (
    f"Bold: cannot be told from the best mean; where rows are equally good, any of them is called "
    f"worse with a chance of {LEVEL:.0%} at most (all pairs, by their own and their pooled spread, "
    f"and Welch's test)."
)
TOO_FEW = f"Nothing is bold: telling rows apart needs {MIN_SEEDS} seeds or more."


@dataclass(frozen=True)
class Ranking:
    """How the rows of a table stand in a metric.

    Attributes:
        tied: The row with the best mean and all that cannot be told from it; none if there are no
            two rows to compare.
        left_out: Rows that were measured, but with too few seeds to be ranked with the others.
        smallest: The smallest difference that such seeds show: so far must the true means of two
            rows with the rows' mean standard deviation lie apart to be told apart four times of
            five. NaN if nothing is ranked.
    """

    tied: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    smallest: float = float("nan")


def rank(records: pd.DataFrame, metric: Metric) -> Ranking:
    """Tell which rows cannot be told from the best.

    Args:
        records: Columns ``label`` and the metric, one row per finished run, of rows that share a
            yardstick (see `otlvm.harness.comparison.yardsticks.comparable`).
        metric: The metric. Of one that is best near zero, the mean of the sizes is ranked.
    """
    known = records.dropna(subset=metric.key)
    if metric.best is None or not len(known):
        return Ranking()
    costs = metric.costs(known[metric.key].astype(float)).to_numpy()
    rows, labels = pd.factorize(known["label"], sort=True)
    split = np.cumsum(np.bincount(rows))[:-1]
    parts = np.split(costs[np.argsort(rows, kind="stable")], split)
    samples = {str(label): values for label, values in zip(labels, parts, strict=True)}
    enough = {
        label: values
        for label, values in samples.items()
        if len(values) >= MIN_SEEDS and np.isfinite(values).all()
    }
    if len(enough) < 2:
        return Ranking()
    table = Samples(list(enough.values()))
    told = table.told_from_best()
    tied = frozenset(label for label, worse in zip(enough, told, strict=True) if not worse)
    left_out = frozenset(samples.keys() - enough.keys())
    return Ranking(tied, left_out, table.smallest_difference())


class Samples:
    """What the seeds of several rows say of their means.

    Args:
        samples: Costs of two or more rows, each with shape ``[n]`` of three seeds or more.
    """

    def __init__(self, samples: Sequence[NDArray[Any]]) -> None:
        values, self.sizes = np.concatenate(samples), np.array([len(each) for each in samples])
        starts = np.cumsum(self.sizes) - self.sizes
        self.means = np.add.reduceat(values, starts) / self.sizes
        squares = (values - np.repeat(self.means, self.sizes)) ** 2
        widths = np.maximum.reduceat(values, starts) - np.minimum.reduceat(values, starts)
        rounding = ROUNDING * np.maximum.reduceat(np.abs(values), starts)
        variances = np.add.reduceat(squares, starts) / (self.sizes - 1)
        self.variances = np.where(widths > rounding, variances, 0.0)  # as `spread` has it
        self.rounding = rounding

    @cached_property
    def critical(self) -> float:
        """How many standard errors, own and pooled, equal rows lie apart by chance."""
        if len(self.means) == 2:  # there is no choice of pairs: Welch's test is enough
            return 0.0
        return critical_gap(self.variances, self.sizes, ALL_PAIRS_LEVEL)

    @property
    def level_alone(self) -> float:
        """The level of the test of two rows alone."""
        return LEVEL if len(self.means) == 2 else TWO_ROWS_LEVEL

    def told_from_best(self) -> NDArray[Any]:
        """Tell which rows cost more than the cheapest beyond chance: ``[k]``."""
        best = int(self.means.argmin())
        distances = self.means - self.means[best]
        rounding = np.maximum(self.rounding, self.rounding[best])
        distances = np.where(distances > rounding, distances, 0.0)
        of_best = self.variances[best], self.sizes[best]
        gaps = Gaps.between(distances, self.variances, of_best[0], self.sizes, of_best[1])
        errors = squared_errors(self.variances, self.sizes)
        together = distances > self.critical * np.sqrt(errors + errors[best])
        alone = 2 * welch(gaps)
        told = np.asarray(together & (alone <= self.level_alone))
        rest = ~told & (alone <= OWN_SPREADS_LEVEL)  # the only ones that the third test may tell
        told[rest] = games_howell(gaps.of(rest), len(self.means)) <= OWN_SPREADS_LEVEL
        return told

    def smallest_difference(self) -> float:
        """The true gap of two typical rows that the first two tests tell with chance `POWER`."""
        freedom, n = self.sizes - 1, int(np.median(self.sizes))
        unbiased = stats.chi.mean(freedom) / np.sqrt(freedom)  # of few seeds they are too small
        typical = float(np.mean(np.sqrt(self.variances) / unbiased)) ** 2
        if typical == 0:  # then what is measured is what is true
            return 0.0
        rng = np.random.default_rng(0)
        one, two = typical * rng.chisquare(n - 1, (2, SIMULATED)) / (n - 1)
        luck = rng.standard_normal(SIMULATED) * np.sqrt(2 * typical / n)
        gaps = Gaps.between(luck, one, two, n, n)
        alone = stats.t.isf(self.level_alone / 2, gaps.freedom) * np.sqrt(gaps.errors)
        pooled = float(pooled_variance(self.variances, self.sizes))
        together = self.critical * np.sqrt((one + two + 2 * pooled) / 2 / n)
        return float(np.quantile(np.maximum(alone, together) - luck, POWER))
