"""Records -> tidy data -> one row a label. Never imports torch."""

import pandas as pd

from otlvm.harness.metrics import METRICS
from otlvm.harness.store.record import Record
from otlvm.harness.store.store import Store
from otlvm.harness.store.work_folder import CHECKPOINT

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


def read_curves(store: Store, records: pd.DataFrame) -> pd.DataFrame:
    """Read the learning curves of all runs that have some, as tidy data.

    Returns:
        Columns ``label``, ``seed``, ``step`` and one a measured quantity.
    """
    parts = []
    for run_id, label, seed in records[["id", "label", "seed"]].to_numpy():
        path = store.runs / run_id / "curves.csv"
        if path.is_file():
            parts.append(pd.read_csv(path).assign(label=label, seed=seed))
    return pd.concat(parts) if parts else pd.DataFrame()
