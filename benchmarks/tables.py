"""Records -> tidy data -> one row a label. Never imports torch."""

from collections.abc import Sequence

import pandas as pd

from benchmarks.metrics import METRICS, Metric
from benchmarks.record import Record
from benchmarks.statistics import describe, tied_with_best
from benchmarks.store import CHECKPOINT, Store

FACTS = ("config", "data_checksum", "environment", "wall_seconds")


def read_records(store: Store) -> pd.DataFrame:
    """Read a store as tidy data: one row a run, in the suite's order.

    Returns:
        Columns ``label``, ``method``, ``data``, ``seed``, ``status``, ``reason``, ``short``,
        ``side_by_side``, ``id``, one a metric, and the rest of `FACTS` as they stand in the record.
        A run without a usable record has the status ``interrupted`` if it left a checkpoint, else
        ``missing``, and None for its facts.
    """
    rows = []
    for cell in store.manifest()["runs"]:
        record = store.record_or_none(cell["id"])
        if record is None:
            begun = (store.work / cell["id"] / CHECKPOINT).exists()
            record = {"status": "interrupted" if begun else "missing"}
        if (record.get("side_by_side") or 1) > 1:
            record = _with_times_alone(record, store)
        facts = {key: record.get(key) for key in ("status", "reason", "side_by_side", *FACTS)}
        names = {"label": cell["label"], "method": cell["label"], "data": "", **cell}
        rows.append({**names, **facts, "short": _short(record), **record.get("metrics", {})})
    frame = pd.DataFrame(rows)
    return frame.reindex(columns=[*frame.columns.union([m.key for m in METRICS], sort=False)])


def _with_times_alone(record: Record, store: Store) -> Record:
    """Take the times of a repetition without other runs beside it, if there is one."""
    alone = store.timings().record_or_none(record["id"])
    if alone is None or alone["status"] != "done" or alone["side_by_side"] > 1:
        return record
    times = {
        m.key: alone["metrics"][m.key] for m in METRICS if m.timing and m.key in alone["metrics"]
    }
    return {**record, "metrics": {**record["metrics"], **times}, "side_by_side": 1}


def _short(record: Record) -> str:
    """What a cell shows instead of a number, for example ``nan @ 412``."""
    diverged = record.get("diverged")
    return f"{diverged['value']} @ {diverged['step']}" if diverged else str(record["status"])


def summarize(records: pd.DataFrame, metrics: Sequence[Metric] = METRICS) -> pd.DataFrame:
    """Average the finished runs of each label.

    Args:
        records: What `read_records` returns.
        metrics: Which metrics, with the directions by which they are ranked.

    Returns:
        One row a label, in order: ``n``, ``runs``, ``problems``, ``short`` (what became of the
        other runs), ``side_by_side`` (whether others shared the machine), ``data``, ``method``,
        what `describe` gives, and ``<metric>_best``, whether the row cannot be told from the best
        of its data set.
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
        columns[f"{metric.key}_best"] = labels.isin(list(set().union(*tied)))
    return pd.DataFrame(columns, index=labels)


def _problems(others: pd.DataFrame) -> str:
    lines = [
        f"seed {seed} {status}" + (f": {reason}" if reason else "")
        for seed, status, reason in others.itertuples(index=False)
    ]
    return "; ".join(lines)
