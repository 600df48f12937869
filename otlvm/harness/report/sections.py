"""What the page shows of each run."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from otlvm.harness.comparison.records import read_curve
from otlvm.harness.metrics import METRICS, Metric, known_metrics, written
from otlvm.harness.report.run_pictures import RunPictures, draw
from otlvm.harness.report.small_curves import Curve, draw_curves
from otlvm.harness.store.store import Store
from otlvm.harness.store.work_folder import LOG, read_tail
from otlvm.harness.suite.lock_section import LOCK
from otlvm.harness.suite.yaml import dump

MOST_SECTIONS = 200  # a page of more is slow to open
TAIL_LINES = 40
NOT_TEXT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class RunSection:
    """A run as its section shows it.

    Attributes:
        label: Its row.
        seed: Its seed.
        status: What became of it.
        accuracy: What its heading shows; empty if it has none.
        reason: Why it is not done.
        details: The traceback.
        log: The end of what it printed, if it is not done.
        metrics: Name and value.
        config: As YAML.
        curves: Its learning curves.
        metrics_failed: Why numbers that were asked for are missing, by metric.
        pictures: Its images.
        pictures_failed: Why there are none, if drawing them raised an error.
        facts: Data, times and what it shared the machine with.
        environment: Versions and machine.
        rerun: The command that computes it again.
        load: The statement that loads its model; empty if it has none.
    """

    label: str
    seed: int
    status: str
    accuracy: str
    reason: str
    details: str
    log: str
    metrics: list[tuple[str, str]]
    config: str
    curves: list[Curve]
    metrics_failed: dict[str, str]
    pictures: RunPictures
    pictures_failed: str
    facts: dict[str, str]
    environment: dict[str, str]
    rerun: str
    load: str


def choose_runs(records: pd.DataFrame) -> pd.DataFrame:
    """Leave the runs that get a section: all, or where they are many the first seed of each row."""
    if len(records) <= MOST_SECTIONS:
        return records
    return records.drop_duplicates("label").head(MOST_SECTIONS)


def sections(store: Store, chosen: pd.DataFrame) -> Iterator[RunSection]:
    """Yield the section of each run, one at a time: they need not be in memory together."""
    known = known_metrics(store.manifest())
    for row in chosen.to_dict("records"):
        yield section(store, {str(key): value for key, value in row.items()}, known)


def section(store: Store, row: Mapping[str, Any], known: Sequence[Metric] = METRICS) -> RunSection:
    """Read a run's files.

    Args:
        store: Where they are.
        row: Its row of `otlvm.harness.comparison.records.read_records`.
        known: The metrics.
    """
    found = store.record_or_none(row["id"])
    record: dict[str, Any] = {**found} if found is not None else {}
    folder = store.runs / row["id"]
    metrics = {key: row[key] for key in record.get("metrics") or {}}
    name = f"{row['label']}, seed {row['seed']}"
    model = folder / "model"
    return RunSection(
        label=row["label"],
        seed=row["seed"],
        status=row["status"],
        accuracy=written(metrics["accuracy"], 3) if "accuracy" in metrics else "",
        reason=record.get("reason") or "",
        details=record.get("details") or "",
        log=show_log(folder / LOG) if row["status"] != "done" else "",
        metrics=show_metrics(metrics, known),
        config=dump(record["config"]) if record else "",
        curves=draw_curves(read_curve(folder) if record else pd.DataFrame()),
        metrics_failed=record.get("metrics_failed") or {},
        pictures=_pictures(store, record, name),
        pictures_failed=record.get("pictures_failed") or "",
        facts=_facts(row, record),
        environment={k: str(v) for k, v in (record.get("environment") or {}).items()},
        rerun=rerun_command(store.root, row["label"], row["seed"]),
        load=f"otlvm.load({str(model)!r})" if model.is_dir() else "",
    )


def show_metrics(
    metrics: Mapping[str, float], known: Sequence[Metric] = METRICS
) -> list[tuple[str, str]]:
    """Name and format metrics, those of the tables first, in their order."""
    keys = {metric.key for metric in known}
    shown = [(m.heading, written(metrics[m.key], m.digits)) for m in known if m.key in metrics]
    return shown + [(key, f"{value:.4g}") for key, value in metrics.items() if key not in keys]


def show_log(path: Path) -> str:
    """Return the last lines of a log, without colours; empty without a log."""
    lines = read_tail(path).splitlines()[-TAIL_LINES:]
    return "\n".join(NOT_TEXT.sub("", line) for line in lines)


def rerun_command(root: Path, label: str, seed: int) -> str:
    """Return the command that computes a run again, beside the store that it leaves as it is."""
    lock = str(root / LOCK)
    again = str(root.with_name(f"{root.name}-again"))
    # with = since a label may begin with -
    words = ["otlvm", "run", lock, f"--only={label}", f"--rerun={label}"]
    return shlex.join([*words, "--set", f"seeds=[{seed}]", "--out", again])


def _pictures(store: Store, record: Mapping[str, Any], name: str) -> RunPictures:
    if not record:
        return RunPictures()
    return draw(store.pictures(record["id"]), name, record.get("class_names"))


def _facts(row: Mapping[str, Any], record: Mapping[str, Any]) -> dict[str, str]:
    facts = {"run": row["id"]}
    if record:
        facts["data checksum"] = record["data_checksum"]
    if record.get("started"):
        facts["started"] = record["started"]
    if record.get("wall_seconds") is not None:
        facts["wall time"] = f"{record['wall_seconds']:.1f} s"
    if not pd.isna(row["side_by_side"]):
        count = int(row["side_by_side"])
        shared = f"up to {count} runs at a time (∥): its times are not comparable"
        facts["shared the machine"] = shared if count > 1 else "no, or was timed once more alone"
    return facts
