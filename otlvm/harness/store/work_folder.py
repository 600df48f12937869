"""The newest row of a working run's learning curve, in its folder, for whoever watches.

Never imports torch.
"""

import json
from pathlib import Path

from otlvm.harness.store.record import Record

PROGRESS = "progress.json"


def write_progress(folder: Path, row: Record) -> None:
    """Write the newest row.

    Raises:
        OSError: If it cannot be written.
    """
    aside = folder / f"{PROGRESS}.new"
    aside.write_text(json.dumps(row), encoding="utf-8")
    aside.replace(folder / PROGRESS)


def read_progress(folder: Path) -> Record | None:
    """Return the newest row, with ``step`` and ``steps``; None if there is none."""
    try:
        progress = json.loads((folder / PROGRESS).read_bytes())
    except (OSError, ValueError):
        return None
    return progress if isinstance(progress, dict) else None


CHECKPOINT, DAMAGED, LOG, START = "checkpoint", "checkpoint.damaged", "log.txt", "start"
"""What a run keeps in its folder while it works."""
