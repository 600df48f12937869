"""The store: a directory per run, committed at once; the only truth about what is done.

    DIR/suite.json               which run belongs to which row, in the suite's order
    DIR/runs/<id>/record.json    config, versions, timings, metrics, status
    DIR/runs/<id>/curves.csv     learning curves
    DIR/runs/<id>/model/         weights and config, for `otlvm.load`

Reads and writes records; never imports torch.
"""

import csv
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCHEMA = 1
Record = dict[str, Any]


class Store:
    """The records below one directory.

    Args:
        root: The directory; need not exist for reading.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = root / "runs"

    def open_for_writing(self) -> None:
        """Make the directory and try a write.

        Raises:
            OSError: If it cannot be written.
        """
        self.runs.mkdir(parents=True, exist_ok=True)
        probe = self.runs / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()

    def record(self, run_id: str) -> Record | None:
        """Return a run's record; None if there is none or it cannot be read."""
        try:
            record = json.loads((self.runs / run_id / "record.json").read_text())
        except (OSError, ValueError):
            return None
        whole = isinstance(record, dict) and record.get("schema") == SCHEMA
        return record if whole and record.get("id") == run_id and "status" in record else None

    def is_done(self, run_id: str) -> bool:
        """Tell whether a run has a result that need not be computed again."""
        record = self.record(run_id)
        return record is not None and record["status"] == "done"

    def commit(
        self,
        record: Record,
        curves: list[dict[str, float]],
        save_model: Callable[[Path], None] | None,
    ) -> None:
        """Write a run beside its place, then put it there in one step, replacing what was there.

        Args:
            record: The record, with ``id``.
            curves: Rows of the learning curve.
            save_model: Writes the model to a directory, if there is one.
        """
        aside = self.runs / f".{record['id']}-{os.getpid()}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        if curves:
            with (aside / "curves.csv").open("w", newline="") as file:
                writer = csv.DictWriter(
                    file, fieldnames=list(dict.fromkeys(key for row in curves for key in row))
                )
                writer.writeheader()
                writer.writerows(curves)
        if save_model is not None:
            save_model(aside / "model")
        text = json.dumps({"schema": SCHEMA, **record}, indent=2, allow_nan=False)
        (aside / "record.json").write_text(text + "\n")
        place = self.runs / record["id"]
        shutil.rmtree(place, ignore_errors=True)
        aside.rename(place)

    def write_manifest(self, name: str, runs: list[Record]) -> None:
        """Write which run belongs to which row: ``label``, ``seed``, ``id``, in order."""
        text = json.dumps({"schema": SCHEMA, "name": name, "runs": runs}, indent=2) + "\n"
        aside = self.root / f".suite-{os.getpid()}"
        aside.write_text(text)
        aside.replace(self.root / "suite.json")

    def manifest(self) -> Record:
        """Return what `write_manifest` wrote.

        Raises:
            FileNotFoundError: If the directory is no store.
            ValueError: If the manifest is damaged.
        """
        path = self.root / "suite.json"
        if not path.is_file():
            raise FileNotFoundError(f"{self.root} holds no results: {path.name} is missing")
        manifest = json.loads(path.read_text())
        if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
            raise ValueError(f"{path} is of another version: run the suite again")
        return manifest
