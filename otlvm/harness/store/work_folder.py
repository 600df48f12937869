"""A run's folder while it works: checkpoint, log, start, and how far it is.

Whoever finds something there works in a folder of its own below the run's, ``try-<token>``, and
begins from a copy of the checkpoint: whoever left it may yet live, and write.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from otlvm.harness.store.files import read_json, replacing

CHECKPOINT, DAMAGED, LOG, START = "checkpoint", "checkpoint.damaged", "log.txt", "start"
"""What a run keeps in its folder while it works."""
PROGRESS = "progress.json"
TAIL_BYTES = 2**15
"""The end of a log: all that a record or the report shows of it."""


def attempts(place: Path) -> list[Path]:
    """Return the folders in which a run was worked on, the newest first.

    Args:
        place: The run's folder.
    """
    if not place.is_dir():
        return []
    tries = [path for path in place.glob("try-*") if path.is_dir()]
    return [*sorted(tries, key=lambda path: path.stat().st_mtime_ns, reverse=True), place]


def newest_checkpoint(place: Path) -> Path | None:
    """Return the checkpoint from which a run would go on; None if it has none."""
    found = [path / CHECKPOINT for path in attempts(place) if (path / CHECKPOINT).is_file()]
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


def new_attempt(place: Path, token: str) -> Path:
    """Make a folder of one's own, with the newest checkpoint in it."""
    folder, checkpoint = place / f"try-{token[:12]}", newest_checkpoint(place)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if checkpoint is not None:
        try:
            os.link(checkpoint, folder / CHECKPOINT)  # a new one replaces it, and leaves this alone
        except OSError:  # a file system without links
            shutil.copyfile(checkpoint, folder / CHECKPOINT)
    return folder


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
        progress = read_json(folder / PROGRESS)
    except (OSError, ValueError):
        return None
    found = progress.items() if isinstance(progress, dict) else ()
    row = {name: value for name, value in found if type(value) in (int, float)}
    whole = {"step", "steps"} <= row.keys() and 0 <= row["step"] <= row["steps"] < 1e18
    return row if whole and row["steps"] else None


def read_tail(path: Path) -> str:
    """Return the end of a log, however long it is; empty if there is none."""
    if not path.is_file():  # a pipe would be waited for
        return ""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
            return file.read(TAIL_BYTES).decode("utf-8", errors="replace")
    except FileNotFoundError:  # it was moved meanwhile
        return ""


def cut_log(folder: Path) -> None:
    """Keep of a run's log the end that is shown, before it travels; a run may print without end."""
    path = folder / LOG
    left_out = path.stat().st_size - TAIL_BYTES if path.is_file() else 0
    if left_out > 0:
        text = f"... ({left_out:,} bytes before this were left behind)\n{read_tail(path)}"
        path.write_text(text, encoding="utf-8")
