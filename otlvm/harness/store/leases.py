"""Leases: which process works on which run, so that several can share one store.

A lease is a small file, touched while its owner lives. It is stale, and anyone's to take, when the
owner's process is gone (on the same host) or has not touched it for a minute (on any).
"""

import json
import os
import socket
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

HEARTBEAT_SECONDS = 5.0
STALE_SECONDS = 60.0
CLOCK_SECONDS = 60.0
"""How far apart two readings of one start may be: the clock that they go by is set now and then."""


class Leases:
    """The leases below one directory, in the hands of this process.

    Args:
        folder: The directory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FileLock(folder / ".lock")
        self._owner = {
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "started": psutil.Process().create_time(),
        }

    def acquire(self, run_id: str) -> bool:
        """Take a run's lease, unless somebody alive has it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            if self._alive(self._path(run_id)):
                return False
            self._path(run_id).write_text(json.dumps(self._owner), encoding="utf-8")
            return True

    def holds(self, run_id: str) -> bool:
        """Tell whether a run's lease is still ours."""
        return _read(self._path(run_id)) == self._owner

    def release(self, run_id: str) -> None:
        """Give a lease back; nothing happens if somebody else has taken it."""
        with self._lock:
            if self.holds(run_id):
                self._path(run_id).unlink()

    def touch(self, run_id: str) -> None:
        """Show that the owner lives."""
        if self.holds(run_id):
            self._path(run_id).touch()

    def owner(self, run_id: str) -> str | None:
        """Name who works on a run; None if nobody does."""
        path = self._path(run_id)
        owner = _read(path)
        if not owner or not self._folder.is_dir() or not self._alive(path):
            return None
        return f"{owner['host']}, process {owner['pid']}"

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
        if owner["host"] == self._owner["host"] and not _lives(owner["pid"], owner["started"]):
            return False
        try:
            return self._now() - path.stat().st_mtime < STALE_SECONDS
        except FileNotFoundError:
            return False

    def _now(self) -> float:
        """The file system's clock, which hosts share."""
        probe = self._folder / f".clock-{self._owner['pid']}"
        probe.touch()
        now = probe.stat().st_mtime
        probe.unlink()
        return now


def _read(path: Path) -> dict[str, Any] | None:
    try:
        owner = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
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
