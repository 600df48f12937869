"""One row per label: means, spreads, intervals, long form."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from otlvm.harness.comparison.significance import tied_with_best
from otlvm.harness.metrics import METRICS, Metric


def summarize(records: pd.DataFrame, metrics: Sequence[Metric] = METRICS) -> pd.DataFrame:
    """Average the finished runs of each label.

    Args:
        records: What `read_records` returns.
        metrics: Which metrics, with the directions by which they are ranked.

    Returns:
        One row per label, in order: ``n``, ``runs``, ``problems``, ``short`` (what became of the
        other runs), ``side_by_side`` (whether others shared the machine), ``data``, ``method``,
        what `describe` gives, ``<metric>_cost``, by which rows are ordered (the lowest is best),
        and ``<metric>_best``, whether the row cannot be told from the best of its data set.
    """
    keys = [metric.key for metric in metrics]
    done = records[records["status"] == "done"].astype(dict.fromkeys(keys, float))
    labels = pd.Index(records["label"].unique(), name="label")
    by_label = done.groupby("label", sort=False)
    described = describe(done, keys)
    others = records[~records["status"].isin(["done", "missing"])]
    problems = others.groupby("label", sort=False)[["seed", "status", "reason"]].apply(_problems)
    short = others.groupby("label", sort=False)["short"].agg(lambda x: ", ".join(dict.fromkeys(x)))
    shared = by_label["side_by_side"].max().astype(float) > 1
    named = records.groupby("label", sort=False)[["data", "method"]].first()
    columns: dict[str, object] = {
        "data": named["data"],
        "method": named["method"],
        "n": by_label.size().reindex(labels, fill_value=0),
        "runs": records.groupby("label", sort=False).size(),
        "problems": problems.reindex(labels, fill_value="") if len(others) else "",
        "short": short.reindex(labels, fill_value=""),
        "side_by_side": shared.reindex(labels, fill_value=False),
    }
    columns |= {str(name): column for name, column in described.items()}
    for metric in metrics:
        tied = [tied_with_best(part, metric) for _, part in done.groupby("data", sort=False)]
        cost = metric.cost(done[metric.key]).groupby(done["label"], sort=False).mean()
        columns[f"{metric.key}_cost"] = cost.reindex(labels)
        columns[f"{metric.key}_best"] = labels.isin(list(set().union(*tied)))
    return pd.DataFrame(columns, index=labels)


def _problems(others: pd.DataFrame) -> str:
    lines = [
        f"seed {seed} {status}" + (f": {reason}" if reason else "")
        for seed, status, reason in others.itertuples(index=False)
    ]
    return "; ".join(lines)


RESAMPLES = 2000


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
