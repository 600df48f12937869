"""What seeds tell: spread, intervals, and which rows cannot be told from the best.

Runs of one suite share their seeds, so rows are compared pair by pair. Never imports torch.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from otlvm.harness.metrics import Metric

MIN_SEEDS = 3
LEVEL = 0.05
ROUNDING = 1e-12
RULE = (
    f"Bold: cannot be told from the best mean (paired t-tests over the shared seeds, Holm's "
    f"correction, {LEVEL:.0%} level)."
)
TOO_FEW = f"Nothing is bold: telling rows apart needs {MIN_SEEDS} seeds or more."


def tied_with_best(records: pd.DataFrame, metric: Metric) -> set[str]:
    """Return the row with the best mean and all that cannot be told from it.

    Paired t-tests of each row against the best one over the seeds that both have, with Holm's
    correction. Rows with fewer than three seeds in common with the best are left out.

    Args:
        records: Columns ``label``, ``seed`` and the metric, one row a finished run.
        metric: The metric.

    Returns:
        Labels; none if the metric is not ranked, there is nothing to compare with, or too few
        seeds.
    """
    if metric.best is None or not len(records):
        return set()
    values = records.pivot_table(index="seed", columns="label", values=metric.key, sort=False)
    cost = metric.cost(values)
    ranked = cost.mean()
    if values.shape[1] < 2 or ranked.isna().all():
        return set()
    best = str(ranked.idxmin())
    others, p_values = [], []
    for label in values.columns.drop(best):
        pairs = cost[[best, label]].dropna()
        if len(pairs) >= MIN_SEEDS:
            others.append(str(label))
            p_values.append(paired_p(pairs[best].to_numpy(), pairs[label].to_numpy()))
    if not others:
        return set()
    told_apart = holm(np.array(p_values))
    return {best, *(label for label, far in zip(others, told_apart, strict=True) if not far)}


def holm(p_values: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which of several tests reject at the level, with Holm's correction (1979).

    Args:
        p_values: Their p-values, with shape ``[n]``; NaN is no test.
    """
    from statsmodels.stats.multitest import multipletests  # a second, which tables without it save

    tested = ~np.isnan(p_values)
    rejected = np.zeros(len(p_values), dtype=bool)
    if tested.any():
        rejected[tested] = multipletests(p_values[tested], LEVEL, method="holm")[0]
    return rejected


def paired_p(one: NDArray[Any], two: NDArray[Any]) -> float:
    """P-value of a paired t-test of two samples ``[n]``, equal differences included."""
    difference = one - two
    size = max(np.abs(one).max(), np.abs(two).max())
    if np.ptp(difference) <= ROUNDING * size:  # a t-test divides by the spread
        return 1.0 if np.abs(difference).max() <= ROUNDING * size else 0.0
    return float(stats.ttest_rel(one, two).pvalue)
