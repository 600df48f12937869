"""One row per label: means, spreads, intervals, long form."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from otlvm.harness.comparison.intervals import interquartile_means, t_interval
from otlvm.harness.comparison.significance import rank
from otlvm.harness.comparison.yardsticks import Yardsticks
from otlvm.harness.metrics import METRICS, Metric


def summarize(records: pd.DataFrame, metrics: Sequence[Metric] = METRICS) -> pd.DataFrame:
    """Average the finished runs of each label.

    Args:
        records: What `read_records` returns.
        metrics: Which metrics, with the directions by which they are ranked.

    Returns:
        One row per label, in order: ``n``, ``runs``, ``problems``, ``short`` (what became of the
        other runs), ``side_by_side`` (whether others shared the machine), ``data``, ``method``,
        what `describe` gives, ``<metric>_best``, whether the row cannot be told from the best of
        those measured by its yardstick (its data set, prior, ..), ``<metric>_left_out``, whether it
        has too few seeds to be ranked, ``<metric>_smallest``, the smallest difference that the
        seeds show among these rows, and ``<metric>_group``, a number that these rows share; NaN if
        the row compares with none.
    """
    keys = [metric.key for metric in metrics]
    done = records[records["status"] == "done"].astype(dict.fromkeys(keys, float))
    labels = pd.Index(records["label"].unique(), name="label")
    by_label = done.groupby("label", sort=False)
    described = describe(done, keys)
    others = records[~records["status"].isin(["done", "missing"])]
    lines = pd.concat([_lines_of_others(others), _lines_of_metrics(done)])
    problems = lines.groupby(level="label", sort=False).agg("; ".join)
    short = others.groupby("label", sort=False)["short"].agg(lambda x: ", ".join(dict.fromkeys(x)))
    shared = by_label["side_by_side"].max().astype(float) > 1
    named = records.groupby("label", sort=False)[["data", "method"]].first()
    columns: dict[str, object] = {
        "data": named["data"],
        "method": named["method"],
        "n": by_label.size().reindex(labels, fill_value=0),
        "runs": records.groupby("label", sort=False).size(),
        "problems": problems.reindex(labels, fill_value=""),
        "short": short.reindex(labels, fill_value=""),
        "side_by_side": shared.reindex(labels, fill_value=False),
        "notes": _notes(done).reindex(labels, fill_value=""),
    }
    columns |= {str(name): column for name, column in described.items()}
    measured = Yardsticks(done)
    for metric in metrics:
        columns |= _ranked(measured, metric, labels)
    return pd.DataFrame(columns, index=labels)


def _notes(done: pd.DataFrame) -> pd.Series:
    """What a reader has to know of each row; older records say nothing."""
    texts = done["notes"].map(lambda notes: "; ".join(notes or []))
    return texts.groupby(done["label"], sort=False).first()


def _ranked(measured: Yardsticks, metric: Metric, labels: pd.Index) -> dict[str, object]:
    """Columns that say how the rows stand in a metric, each group of comparable rows by itself."""
    best: set[str] = set()
    left_out: set[str] = set()
    smallest, group = pd.Series(float("nan"), labels), pd.Series(float("nan"), labels)
    for number, part in enumerate(measured.comparable(metric)):
        ranking = rank(part, metric)
        best |= ranking.tied
        left_out |= ranking.left_out
        smallest[part["label"].unique()] = ranking.smallest
        group[part["label"].unique()] = number
    return {
        f"{metric.key}_best": labels.isin(list(best)),
        f"{metric.key}_left_out": labels.isin(list(left_out)),
        f"{metric.key}_smallest": smallest,
        f"{metric.key}_group": group,
    }


def _lines_of_others(others: pd.DataFrame) -> pd.Series:
    """What became of each run that is not done, by label."""
    lines = [
        f"seed {seed} {status}" + (f": {reason}" if reason else "")
        for seed, status, reason in others[["seed", "status", "reason"]].itertuples(index=False)
    ]
    return pd.Series(lines, pd.Index(others["label"], name="label"), dtype=object)


def _lines_of_metrics(done: pd.DataFrame) -> pd.Series:
    """Why finished runs lack numbers that were asked for, by label."""
    failed = done.get("metrics_failed", pd.Series(None, done.index, dtype=object))
    found = [
        (label, f"seed {seed} has no {name}: {why}")
        for label, seed, each in zip(done["label"], done["seed"], failed, strict=True)
        for name, why in (each or {}).items()
    ]
    labels = pd.Index([label for label, _ in found], name="label", dtype=object)
    return pd.Series([line for _, line in found], labels, dtype=object)


def describe(records: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Describe each metric of each label over its finished runs.

    Args:
        records: Columns ``label``, ``seed`` and the metrics, one row per finished run.
        keys: The metrics.

    Returns:
        Indexed by label, columns ``<key>_n`` (runs that have it), ``<key>_mean``, ``<key>_std``,
        ``<key>_iqm`` (interquartile mean; NaN for three runs or fewer) and ``<key>_low``,
        ``<key>_high`` (95 % t interval of the mean; NaN for a single run).
    """
    grouped = records.groupby("label", sort=False)
    columns: dict[str, Any] = {}
    for key in keys:
        values = grouped[key]
        count, mean, deviation = values.count(), values.mean(), values.std()
        low, high = t_interval(mean, deviation, count)
        columns |= {f"{key}_n": count, f"{key}_mean": mean, f"{key}_std": deviation}
        columns |= {f"{key}_iqm": interquartile_means(records[key], records["label"])}
        columns |= {f"{key}_low": low, f"{key}_high": high}
    return pd.DataFrame(columns, index=grouped.size().index)


def long_form(summary: pd.DataFrame) -> pd.DataFrame:
    """Turn one row per label into one row per label and metric.

    Args:
        summary: Indexed by label, with ``data``, ``method`` and what `describe` gives.

    Returns:
        Columns ``label``, ``data``, ``method``, ``metric``, ``n``, ``mean``, ``std``, ``iqm``,
        ``low``, ``high`` and ``best``; metrics that a label lacks are left out.
    """
    keys = [name.removesuffix("_mean") for name in summary.columns if name.endswith("_mean")]
    statistics = ["n", "mean", "std", "iqm", "low", "high", "best"]
    facts = summary[["data", "method"]].assign(place=range(len(summary)))
    parts = [
        facts.assign(metric=key, **{name: summary[f"{key}_{name}"] for name in statistics})
        for key in keys
    ]
    known = pd.concat(parts).dropna(subset="mean").sort_values("place", kind="stable")
    columns = ["label", "data", "method", "metric", *statistics]
    return known.rename_axis("label").reset_index()[columns].astype({"n": int})
