"""A run's folder while it works: checkpoint, log, start, and how far it is."""

import json
from pathlib import Path
from typing import Any

from otlvm.harness.store.files import replacing

CHECKPOINT, DAMAGED, LOG, START = "checkpoint", "checkpoint.damaged", "log.txt", "start"
"""What a run keeps in its folder while it works."""
PROGRESS = "progress.json"
TAIL_BYTES = 2**15


def write_progress(folder: Path, row: dict[str, Any]) -> None:
    """Write the newest row of a run's learning curve, for whoever watches.

    Raises:
        OSError: If it cannot be written.
    """
    with replacing(folder / PROGRESS) as aside:
        aside.write_text(json.dumps(row), encoding="utf-8")


def read_progress(folder: Path) -> dict[str, Any] | None:
    """Return the newest row, with ``step`` and ``steps``; None if there is none."""
    try:
        progress = json.loads((folder / PROGRESS).read_bytes())
    except (OSError, ValueError):
        return None
    return progress if isinstance(progress, dict) else None


def read_tail(path: Path) -> str:
    """Return the end of a log, however long it is; empty if there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return file.read(TAIL_BYTES).decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
