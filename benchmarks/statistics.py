"""What seeds tell: spread, intervals, and which rows cannot be told from the best.

Runs of one suite share their seeds, so rows are compared pair by pair. Never imports torch.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from benchmarks.metrics import Metric

MIN_SEEDS = 3
LEVEL = 0.05
RESAMPLES = 2000
ROUNDING = 1e-12
RULE = (
    f"Bold: cannot be told from the best mean (paired t-tests over the shared seeds, Holm's "
    f"correction, {LEVEL:.0%} level)."
)
TOO_FEW = f"Nothing is bold: telling rows apart needs {MIN_SEEDS} seeds or more."


def describe(records: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Describe each metric of each label over its finished runs.

    Args:
        records: Columns ``label``, ``seed`` and the metrics, one row a finished run.
        keys: The metrics.

    Returns:
        Indexed by label, columns ``<key>_mean``, ``<key>_std``, ``<key>_iqm`` (interquartile mean)
        and ``<key>_low``, ``<key>_high`` (95 % bootstrap percentile interval of the mean; NaN for
        a single run).
    """
    grouped = records.groupby("label", sort=False)
    columns: dict[str, Any] = {}
    for key in keys:
        values = grouped[key]
        columns |= {f"{key}_mean": values.mean(), f"{key}_std": values.std()}
        columns[f"{key}_iqm"] = values.agg(_interquartile_mean)
    described = pd.DataFrame(columns)
    sizes = grouped.size()
    for size in sizes.unique():  # rows with as many runs are resampled together
        part = records[records["label"].isin(sizes.index[sizes == size])]
        part = part.sort_values("label", kind="stable")
        names = list(dict.fromkeys(part["label"]))
        samples = part[keys].to_numpy(float).reshape(len(names), size, len(keys))
        low, high = _interval(samples)
        for index, key in enumerate(keys):
            described.loc[names, f"{key}_low"] = low[:, index]
            described.loc[names, f"{key}_high"] = high[:, index]
    return described


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
    cost = {"high": -values, "low": values, "near zero": values.abs()}[metric.best]
    ranked = values.mean() if metric.best == "low" else -values.mean()
    ranked = values.mean().abs() if metric.best == "near zero" else ranked
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


def _interquartile_mean(values: pd.Series) -> float:
    known = values.dropna()
    return float(stats.trim_mean(known, 0.25)) if len(known) else float("nan")


def _interval(samples: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bootstrap the mean over the second axis of ``[labels, runs, metrics]``."""
    if samples.shape[1] < 2:
        unknown = np.full((samples.shape[0], samples.shape[2]), np.nan)
        return unknown, unknown
    known = np.isfinite(samples).all(axis=1)
    found = stats.bootstrap(
        (np.nan_to_num(samples),),
        np.mean,
        axis=1,
        method="percentile",
        n_resamples=RESAMPLES,
        batch=100,
        rng=0,
    ).confidence_interval
    return np.where(known, found.low, np.nan), np.where(known, found.high, np.nan)


def long_form(summary: pd.DataFrame) -> pd.DataFrame:
    """Turn a row a label into a row a label and metric.

    Args:
        summary: Indexed by label, with ``data``, ``method``, ``n`` and what `describe` gives.

    Returns:
        Columns ``label``, ``data``, ``method``, ``metric``, ``n``, ``mean``, ``std``, ``iqm``,
        ``low``, ``high`` and ``best``; metrics that a label has not are left out.
    """
    keys = [name.removesuffix("_mean") for name in summary.columns if name.endswith("_mean")]
    statistics = ["mean", "std", "iqm", "low", "high", "best"]
    rows = []
    for label, row in summary.iterrows():
        facts = {"label": label, "data": row["data"], "method": row["method"]}
        for key in keys:
            if pd.notna(row[f"{key}_mean"]):
                values = {name: row[f"{key}_{name}"] for name in statistics}
                rows.append({**facts, "metric": key, "n": row["n"], **values})
    return pd.DataFrame(rows, columns=["label", "data", "method", "metric", "n", *statistics])
