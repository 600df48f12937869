"""The store: one directory, the only truth about what is done, failed, running or missing.

    DIR/.otlvm                says that this is a store
    DIR/suite.lock.yaml       the suite that reruns exactly this
    DIR/suite.json            which run belongs to which row, in the suite's order
    DIR/runs/<id>/            results: record.json, curves.csv, pictures.npz, log.txt, and
                              model/ for `otlvm.load`
    DIR/work/<id>/            runs under way: checkpoint, progress, log, the result being written,
                              and start/, the model that it starts from, if it starts from one;
                              try-<token>/, the same for whoever found something there
    DIR/leases/<id>.json      who works on what
    DIR/timings/              a store like this one, of runs that were repeated alone
    DIR/dark/                 figures for dark pages, which the report shows
    DIR/shared/               clusterings and features, each learnt once for all runs that need it
    DIR/trackers/             logs and locks of trackers, and what MLflow knows this folder by
    DIR/damaged/              what was found damaged, kept

What is in it is written whole, so that any number of processes may read while one writes.
"""

import itertools
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otlvm.harness.store.files import (
    MOST_BYTES,
    read_json,
    replacing,
    synchronize,
    tidy_replacements,
)
from otlvm.harness.store.form import misshapen_manifest
from otlvm.harness.store.leases import Leases
from otlvm.harness.store.record import PICTURES, DamagedResultError, ForeignResultError, Record, Row
from otlvm.harness.store.result import read_result
from otlvm.harness.store.work_folder import (
    CHECKPOINT,
    DAMAGED,
    LOG,
    START,
    attempts,
    new_attempt,
    newest_checkpoint,
    read_progress,
)

MANIFEST_SCHEMA = 1
MARK = ".otlvm"
"""A file that says of a directory that it is a store, whose files may be replaced."""


class Store:
    """The records below one directory.

    Args:
        root: The directory; need not exist for reading.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = root / "runs"
        self.work = root / "work"
        self.leases = Leases(root / "leases")
        self._folders: dict[str, Path] = {}

    def timings(self) -> "Store":
        """Return the store of runs that were repeated alone, for their times."""
        return Store(self.root / "timings")

    def foreign(self) -> bool:
        """Tell whether the directory holds something, and nothing that says it is a store."""
        ours = (MARK, "suite.json", "runs")
        if any((self.root / name).exists() for name in ours) or not self.root.is_dir():
            return False
        return any(self.root.iterdir())

    def open_for_writing(self) -> None:
        """Make the directory, mark it as a store and try a write.

        Raises:
            OSError: If it cannot be written.
        """
        for folder in (self.runs, self.work):
            folder.mkdir(parents=True, exist_ok=True)
        (self.root / MARK).touch()
        probe = self.runs / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
        for folder in (self.root, self.root / "dark", self.root / "shared"):
            tidy_replacements(folder)
        for old in self.runs.glob(".old-*"):  # of commits that were killed
            if (self.runs / old.name.split("-")[1]).exists():
                shutil.rmtree(old, ignore_errors=True)

    def record(self, expected: str | Mapping[str, Any]) -> Record | None:
        """Return a run's record, checked; see `read_result`."""
        run_id = expected if isinstance(expected, str) else expected["id"]
        return read_result(self.runs / run_id, expected)

    def record_or_none(self, run_id: str) -> Record | None:
        """Return a run's record; None if there is none that can be used."""
        try:
            return self.record(run_id)
        except (DamagedResultError, ForeignResultError):
            return None

    def pictures(self, run_id: str) -> dict[str, NDArray[Any]]:
        """Return what a run's model shows, see `show_model`; empty if the run kept nothing."""
        path = self.runs / run_id / PICTURES
        if not path.is_file():
            return {}
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > MOST_BYTES:
                return {}
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)

    def begin(self, run_id: str) -> Path:
        """Return the folder in which a run of ours works from now on.

        It is one of its own: whoever worked in what is there may yet live, and write.
        """
        place = self.work / run_id
        used = place.is_dir() and any(place.iterdir())
        self._folders[run_id] = new_attempt(place, self.leases.token) if used else place
        return self.folder(run_id)

    def give_back(self, run_id: str) -> None:
        """Leave what a run goes on from that did not finish, and its lease."""
        with self.leases.held(run_id) as ours:
            place, newest = self.work / run_id, newest_checkpoint(self.work / run_id)
            if ours and newest is not None:
                newest.replace(place / CHECKPOINT)
            for folder in attempts(place)[:-1] if ours else ():
                _remove(folder)
        self._folders.pop(run_id, None)
        self.leases.release(run_id)

    def folder(self, run_id: str) -> Path:
        """Return the folder in which a run works, new if need be."""
        folder = self._folders.get(run_id) or next(
            iter(attempts(self.work / run_id)), self.work / run_id
        )
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def progress(self, run_id: str) -> Row | None:
        """Return the newest row of a run that works, with ``step`` and ``steps``."""
        for folder in attempts(self.work / run_id):
            if progress := read_progress(folder):
                return progress
        return None

    def place_start(self, run_id: str, model: Path) -> bool:
        """Copy a finished run's model to where another starts from it; False without one."""
        place = self.folder(run_id) / START
        shutil.rmtree(place, ignore_errors=True)
        if model.is_dir():
            shutil.copytree(model, place)
        return model.is_dir()

    def has_checkpoint(self, run_id: str) -> bool:
        """Tell whether a run that is not done left a checkpoint from which it goes on."""
        return newest_checkpoint(self.work / run_id) is not None

    def finished(self, expected: Mapping[str, Any]) -> Record | None:
        """Return the record of a result that was written but not committed, if there is one."""
        for folder in attempts(self.work / expected["id"]):
            try:
                record = read_result(folder / "result", expected)
            except (DamagedResultError, ForeignResultError):
                continue
            if record is not None:
                self._folders[expected["id"]] = folder
                return record
        return None

    def commit(self, run_id: str) -> None:
        """Put a written result in its place in one step, instead of what was there."""
        place, old = self.runs / run_id, self.runs / f".old-{run_id}-{os.getpid()}"
        if place.exists():
            place.rename(old)
        (self.folder(run_id) / "result").rename(place)
        synchronize(self.runs)
        shutil.rmtree(old, ignore_errors=True)

    def tidy(self, run_id: str) -> Path | None:
        """Remove what a committed run no longer needs, unless somebody works on it again.

        What it printed goes to its result, a damaged checkpoint to the damaged; a run that may be
        tried again keeps its checkpoint.

        Returns:
            Where the damaged checkpoint is now, if there was one.
        """
        place, damaged = self.work / run_id, None
        if not place.exists() or not self.leases.acquire(run_id):
            return None
        record = self.record_or_none(run_id)
        if record is not None:
            folder, keep = self.folder(run_id), place / CHECKPOINT
            if (folder / DAMAGED).exists():
                damaged = self.set_aside(folder / DAMAGED, run_id)
            if (folder / LOG).exists() and (folder / LOG).stat().st_size:
                (folder / LOG).replace(self.runs / run_id / LOG)
            newest = newest_checkpoint(place)
            if newest is not None and newest != keep:
                newest.replace(keep)
            again = record["status"] in ("failed", "timeout", "memory")
            for path in list(place.iterdir()):
                if path != keep or not again:
                    _remove(path)
            with suppress(OSError):  # it keeps a checkpoint
                place.rmdir()
        self._folders.pop(run_id, None)
        self.leases.release(run_id)
        return damaged

    def set_aside(self, path: Path, owner: str = "") -> Path:
        """Move something damaged out of the way, named after its owner; returns where it is now."""
        folder = self.root / "damaged"
        folder.mkdir(parents=True, exist_ok=True)
        for count in itertools.count(1):
            place = folder / f"{owner or path.parent.name}-{path.name}-{count}"
            if not place.exists():
                return path.rename(place)
        raise AssertionError

    def write_manifest(self, name: str, runs: Iterable[Row], **shown: object) -> None:
        """Write which run belongs to which row: ``label``, ``seed``, ``id``, in order.

        Args:
            name: The suite's name.
            runs: Its cells.
            shown: How its tables are laid out.
        """
        content = {"schema": MANIFEST_SCHEMA, "name": name, "runs": list(runs), **shown}
        self.write_text("suite.json", json.dumps(content, indent=2) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a file of the store's own, whole or not at all."""
        with replacing(self.root / name, flush=True) as aside:
            aside.write_text(text, encoding="utf-8")

    def manifest(self) -> Row:
        """Return what `write_manifest` wrote.

        Raises:
            FileNotFoundError: If the directory is no store.
            ValueError: If the manifest is damaged.
        """
        path = self.root / "suite.json"
        if not path.is_file():
            raise FileNotFoundError(f"{self.root} holds no results: {path.name} is missing")
        try:
            manifest = read_json(path)
        except ValueError as error:
            raise ValueError(f"{path} is damaged: run the suite again: {error}") from error
        if not isinstance(manifest, dict) or manifest.get("schema") != MANIFEST_SCHEMA:
            raise ValueError(f"{path} is of another version: run the suite again")
        runs = manifest.get("runs")
        keys = {"label", "seed", "id"}
        complete = isinstance(runs, list) and all(
            isinstance(r, dict) and keys <= r.keys() for r in runs
        )
        if not complete or not runs or "name" not in manifest:
            raise ValueError(f"{path} names no runs: run the suite again")
        if (part := misshapen_manifest(manifest)) is not None:
            raise ValueError(f"{path}: {part} is not as we write it: run the suite again")
        return manifest


def _remove(path: Path) -> None:
    """Remove a file or folder, into which somebody who has lost the run may still write."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
