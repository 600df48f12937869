"""Results of learners on a disk: what one run learnt, the others of the folder read."""

import fcntl
import hashlib
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from otlvm.harness.messages import one_line
from otlvm.harness.store.files import replacing
from otlvm.harness.store.store import MARK
from otlvm.harness.worker.machine import learners
from otlvm.sharing import Compute, Shelf


class DiskShelf(Shelf):
    """A folder with one file per result. Two runs that need the same one wait for each other.

    Args:
        folder: The folder; made when something is kept.
        code: Hash of the code that decides results: another code's are other results.
        since: What was kept before this moment is learnt again: seconds, of the folder's clock.
    """

    def __init__(self, folder: Path, code: str, since: float = 0.0) -> None:
        self._folder = folder
        self._decided = f"{code}\0{learners()}"
        self._since = since

    @classmethod
    def of(cls, run_folder: Path, code: str, since: float = 0.0) -> Self | None:
        """Return the shelf of the store in which a run works; None if it works elsewhere."""
        for store in run_folder.resolve().parents[1:3]:
            if (store / MARK).exists():
                return cls(store / "shared", code, since)
        return None

    def once(self, key: str, compute: Compute) -> Tensor:
        """Return what is kept under a key; compute and keep it if there is nothing."""
        name = hashlib.sha256(f"{self._decided}\0{key}".encode()).hexdigest()
        path = self._folder / f"{name}.safetensors"
        arrived = time.perf_counter()
        with _locked(path.with_suffix(".lock")):
            kept = _read(path, self._since)
            if kept is not None:
                value, seconds = kept
                self.saved_seconds += seconds - (time.perf_counter() - arrived)
                return value
            self.saved_seconds -= time.perf_counter() - arrived  # waiting for nothing
            started, saved = time.perf_counter(), self.saved_seconds
            value = compute()
            seconds = time.perf_counter() - started + self.saved_seconds - saved
            _write(path, value, seconds)
        return value


def _read(path: Path, since: float) -> tuple[Tensor, float] | None:
    try:
        if not path.is_file() or path.stat().st_mtime < since:
            return None
        with safe_open(path, framework="pt") as file:
            facts = file.metadata()
            return file.get_tensor("value").to(facts["device"]), float(facts["seconds"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        warnings.warn(f"{path} is damaged, learnt again: {one_line(error)}", stacklevel=2)
        return None


def _write(path: Path, value: Tensor, seconds: float) -> None:
    facts = {"device": value.device.type, "seconds": repr(seconds)}  # any GPU will do
    try:
        with replacing(path) as aside:
            save_file({"value": value.detach().cpu().contiguous()}, aside, facts)
    except (OSError, SafetensorError) as error:  # this run has its result, and goes on
        warnings.warn(f"not shared with other runs: {one_line(error)}", stacklevel=2)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until nobody else computes this; a lock ends with the process that has it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        warnings.warn(f"not shared with other runs: {one_line(error)}", stacklevel=2)
        yield
        return
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
