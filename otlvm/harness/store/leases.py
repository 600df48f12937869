"""Leases: which process works on which run, so that several can share one store.

A lease is a small file that names its owner by a token, and is touched while the owner lives. It is
stale, and anyone's to take, when the owner's process is gone (among processes that we see) or has
not touched it for a minute (on any machine). Whoever was stopped meanwhile finds another's token
there, and has lost the run.
"""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from otlvm.harness.store.files import read_json

HEARTBEAT_SECONDS = 5.0
STALE_SECONDS = 60.0
CLOCK_SECONDS = 60.0
"""How far apart two readings of one start may be: the clock that they go by is set now and then."""
LOCK_SECONDS = 10.0
"""How long to wait for another to write its lease; it may be stopped while it does."""


class Leases:
    """The leases below one directory, in the hands of this process.

    Args:
        folder: The directory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / ".lock")
        self.token = uuid.uuid4().hex
        self._owner = {
            "host": socket.gethostname(),
            "processes": _processes(),
            "pid": os.getpid(),
            "started": psutil.Process().create_time(),
            "token": self.token,
        }

    def acquire(self, run_id: str) -> bool:
        """Take a run's lease, unless somebody alive has it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._locked() as locked:
            if not locked or self._alive(self._path(run_id)):
                return False
            self._write(run_id)
            return True

    def holds(self, run_id: str) -> bool:
        """Tell whether a run's lease is still ours."""
        return (_read(self._path(run_id)) or {}).get("token") == self.token

    @contextmanager
    def held(self, run_id: str) -> Iterator[bool]:
        """Tell whether a lease is ours, which it stays until the end.

        One that somebody has deleted is ours again: nobody has taken it.
        """
        with self._locked() as locked:
            if locked and not self._path(run_id).exists():
                self._write(run_id)
            yield locked and self.holds(run_id)

    def release(self, run_id: str) -> None:
        """Give a lease back; nothing happens if somebody else has taken it."""
        with self._locked():
            if self.holds(run_id):
                self._path(run_id).unlink()

    def touch(self, run_id: str) -> bool:
        """Show that the owner lives; tell whether the lease is still ours."""
        with self._locked() as locked:
            if locked and not self._path(run_id).exists():
                self._write(run_id)
            ours = self.holds(run_id)
            if ours:
                self._path(run_id).touch()
            return ours

    @contextmanager
    def kept_alive(self, run_id: str) -> Iterator[None]:
        """Show meanwhile that the owner lives, whatever this thread is busy with."""
        done = threading.Event()

        def touch() -> None:
            while not done.wait(HEARTBEAT_SECONDS):
                with suppress(OSError):  # whoever writes the result is told
                    self.touch(run_id)

        beat = threading.Thread(target=touch, daemon=True)
        beat.start()
        try:
            yield
        finally:
            done.set()
            beat.join()

    def owner(self, run_id: str) -> str | None:
        """Name who works on a run; None if nobody does."""
        path = self._path(run_id)
        owner = _read(path)
        if not owner or not self._folder.is_dir() or not self._alive(path):
            return None
        return f"{owner['host']}, process {owner['pid']}"

    def silent_for(self, run_id: str) -> float:
        """Return how many seconds ago a run's owner gave a sign of life."""
        try:
            return max(0.0, self.now() - self._path(run_id).stat().st_mtime)
        except FileNotFoundError:
            return 0.0

    @contextmanager
    def _locked(self) -> Iterator[bool]:
        """Let nobody else write a lease; false if somebody does so for very long."""
        try:
            lock = self._lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            yield False
            return
        with lock:
            yield True

    def _write(self, run_id: str) -> None:
        self._path(run_id).write_text(json.dumps(self._owner), encoding="utf-8")

    def on_this_host(self) -> list[str]:
        """Return the runs that somebody on this machine works on."""
        paths = list(self._folder.glob("*.json"))
        here = [path for path in paths if (_read(path) or {}).get("host") == self._owner["host"]]
        return [path.stem for path in here if self._alive(path)]

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.json"

    def _alive(self, path: Path) -> bool:
        owner = _read(path)
        if not owner:
            return False
        if self._seen(owner) and not _lives(owner["pid"], owner["started"]):
            return False
        try:
            age = self.now() - path.stat().st_mtime
        except FileNotFoundError:
            return False
        return -CLOCK_SECONDS < age < STALE_SECONDS  # nobody alive touches it in the far future

    def _seen(self, owner: dict[str, Any]) -> bool:
        """Tell whether we would see an owner's process: containers may share names."""
        ours = self._owner
        there = owner.get("processes", ours["processes"])
        return bool(owner["host"] == ours["host"] and there == ours["processes"])

    def now(self) -> float:
        """Return the time by the file system's clock, which hosts share."""
        probe = self._folder / f".clock-{self.token}"
        try:
            probe.touch()
            return probe.stat().st_mtime
        except OSError:  # a folder that can only be read
            return time.time()
        finally:
            with suppress(OSError):
                probe.unlink()


def _processes() -> str:
    """Name the processes that we see: those since the machine's start, of this container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # not Linux
        return ""


def _read(path: Path) -> dict[str, Any] | None:
    try:
        owner = read_json(path)
    except (OSError, ValueError):
        return None
    whole = isinstance(owner, dict) and {"host", "pid", "started"} <= owner.keys()
    return owner if whole else None


def _lives(pid: Any, started: Any) -> bool:
    """Tell whether the process that started then lives, and no other has its number now.

    One that cannot be looked at counts as alive: whether its lease is touched tells.
    """
    if type(pid) is not int or type(started) not in (int, float):
        return False
    try:
        process = psutil.Process(pid)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return False
        return bool(abs(process.create_time() - started) <= CLOCK_SECONDS)
    except psutil.AccessDenied:
        return True
    except psutil.NoSuchProcess:
        return _hidden(pid)
    except (ValueError, OverflowError):  # no number of a process
        return False


def _hidden(pid: int) -> bool:
    """Tell whether a process is another user's, on a system that shows nobody those of others."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return False  # it has begun this very moment
