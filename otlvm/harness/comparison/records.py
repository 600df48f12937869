"""A store's records and learning curves as tidy data."""

from collections.abc import Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import pandas as pd

from otlvm.harness.comparison.measured import OTHERWISE, measured_otherwise, without
from otlvm.harness.config import WAYS, Config
from otlvm.harness.metrics import Metric, known_metrics
from otlvm.harness.store.files import check_readable
from otlvm.harness.store.record import Record, Row
from otlvm.harness.store.store import Store

NO_RECORD = ("missing", "interrupted")
"""The status of runs without a record that can be used."""
BUILT = ("prior", "components")
"""What older manifests do not say of a run."""
FACTS = (
    "config",
    "data_checksum",
    "environment",
    "timed_in",
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
        record; ``timed_in`` is the environment of a repetition alone, whose times these are. What
        was measured otherwise than the suite asks now is left out, and ``metrics_failed`` says so.
        A run without a usable record has the status ``interrupted`` if it left a checkpoint, else
        ``missing``, and None for its facts.
    """
    manifest = store.manifest()
    metrics = known_metrics(manifest)
    times = {metric.key for metric in metrics if metric.timing}
    asked = {spec["name"]: spec for spec in manifest.get(WAYS, ())}
    rows = [_as_asked(_row(cell, store, times), asked, metrics) for cell in manifest["runs"]]
    frame = pd.DataFrame(rows)
    keys = [metric.key for metric in metrics]
    return frame.reindex(columns=[*frame.columns.union(keys, sort=False)])


def _row(cell: dict[str, Any], store: Store, times: Set[str]) -> dict[str, Any]:
    names = {"label": cell["label"], "method": cell["label"], "data": "", **cell}
    record = store.record_or_none(cell["id"])
    if record is None:
        status = "interrupted" if store.has_checkpoint(cell["id"]) else "missing"
        nothing = dict.fromkeys(("reason", "side_by_side", *FACTS))
        return {**names, "status": status, **nothing, "short": status}
    known: Row = {**record}
    if record["side_by_side"] > 1:
        known |= _times_alone(record, store, times)
    facts = {key: known.get(key) for key in ("status", "reason", "side_by_side", *FACTS)}
    return {**names, **facts, "short": _short(record), **known["metrics"]}


def _as_asked(row: Row, asked: Mapping[str, Config], known: Sequence[Metric]) -> Row:
    """Leave out numbers that the suite asks for in another way now, and say so."""
    otherwise = measured_otherwise(row["config"] or {}, asked)
    if not otherwise:
        return row
    told = {**(row["metrics_failed"] or {}), **dict.fromkeys(otherwise, OTHERWISE)}
    return {**without(row, otherwise, known), "metrics_failed": told}


def _times_alone(record: Record, store: Store, times: Set[str]) -> Row:
    """Return what a repetition without other runs beside it says, if it has all times."""
    alone = store.timings().record_or_none(record["id"])
    if alone is None or alone["status"] != "done" or alone["side_by_side"] > 1:
        return {}
    own = times & record["metrics"].keys()
    if not own <= alone["metrics"].keys():
        return {}
    metrics = {**record["metrics"], **{key: alone["metrics"][key] for key in own}}
    return {"metrics": metrics, "side_by_side": 1, "timed_in": alone["environment"]}


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
