"""A store's records and learning curves as tidy data."""

from pathlib import Path
from typing import Any

import pandas as pd

from otlvm.harness.metrics import METRICS, known_metrics
from otlvm.harness.store.files import check_readable
from otlvm.harness.store.record import Record
from otlvm.harness.store.store import Store

NO_RECORD = ("missing", "interrupted")
"""The status of runs without a record that can be used."""
FACTS = (
    "config",
    "data_checksum",
    "environment",
    "wall_seconds",
    "unlabelled",
    "class_names",
    "metrics_failed",
    "notes",
    "started",
    "finished",
)


def read_records(store: Store) -> pd.DataFrame:
    """Read a store as tidy data: one row per run, in the suite's order.

    Returns:
        Columns ``label``, ``method``, ``data``, ``seed``, ``status``, ``reason``, ``short``,
        ``side_by_side``, ``id``, one per metric, and the rest of `FACTS` as they stand in the
        record. A run without a usable record has the status ``interrupted`` if it left a
        checkpoint, else ``missing``, and None for its facts.
    """
    manifest = store.manifest()
    rows = [_row(cell, store) for cell in manifest["runs"]]
    frame = pd.DataFrame(rows)
    keys = [metric.key for metric in known_metrics(manifest)]
    return frame.reindex(columns=[*frame.columns.union(keys, sort=False)])


def _row(cell: dict[str, Any], store: Store) -> dict[str, Any]:
    names = {"label": cell["label"], "method": cell["label"], "data": "", **cell}
    record = store.record_or_none(cell["id"])
    if record is None:
        status = "interrupted" if store.has_checkpoint(cell["id"]) else "missing"
        nothing = dict.fromkeys(("reason", "side_by_side", *FACTS))
        return {**names, "status": status, **nothing, "short": status}
    if record["side_by_side"] > 1:
        record = _with_times_alone(record, store)
    known: dict[str, Any] = {**record}
    facts = {key: known.get(key) for key in ("status", "reason", "side_by_side", *FACTS)}
    return {**names, **facts, "short": _short(record), **record["metrics"]}


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
    diverged = record["diverged"]
    return f"{diverged['value']} @ {diverged['step']}" if diverged else record["status"]


def read_curve(folder: Path) -> pd.DataFrame:
    """Read the learning curve in a result's folder: ``step`` and one column per measured quantity.

    A run that has none, as a baseline, has an empty one.
    """
    path = folder / "curves.csv"
    try:
        check_readable(path)
        return pd.read_csv(path)
    except (FileNotFoundError, NotADirectoryError):
        return pd.DataFrame()


def read_curves(store: Store, records: pd.DataFrame) -> pd.DataFrame:
    """Read the learning curves of all runs that have a record and some, as tidy data.

    Returns:
        Columns ``label``, ``seed``, ``step`` and one per measured quantity.
    """
    whole = records[~records["status"].isin(NO_RECORD)]
    runs = whole[["id", "label", "seed"]].to_numpy()
    curves = [
        read_curve(store.runs / run_id).assign(label=label, seed=seed)
        for run_id, label, seed in runs
    ]
    known = [curve for curve in curves if len(curve)]
    return pd.concat(known) if known else pd.DataFrame()
