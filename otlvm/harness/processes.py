"""Processes forked from a server that imports torch once; how one leaves its parent and ends."""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import psutil

PRELOADED = ["otlvm.harness.execution.server"]
SAFE_PATH = "PYTHONSAFEPATH"
SIGNALS = (signal.SIGINT, signal.SIGTERM)
PR_SET_CHILD_SUBREAPER = 36

_method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
processes: Any = multiprocessing.get_context(_method)
if _method == "forkserver":
    processes.set_forkserver_preload(PRELOADED)
_starting = threading.Lock()
"""Held while a process is started, until it is known as ours."""


def start_server() -> None:
    """Start the server, deaf to signals meant for the harness; nothing happens if it runs.

    It does not look for modules in the folder where it starts: a user's ``benchmarks.py`` or
    ``umap.py`` there is not what it imports.
    """
    if _method != "forkserver":
        return
    here = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS} if here else {}
    safe_path = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        forkserver.ensure_running()
    finally:
        if safe_path is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = safe_path
        for number, handler in before.items():
            signal.signal(number, handler)


def server() -> int | None:
    """Return the number of the server's process; None if there is none."""
    pid: int | None = getattr(forkserver, "_forkserver")._forkserver_pid  # noqa: B009
    return pid if _method == "forkserver" else None


def has_ended(pid: int, within: float) -> bool:
    """Tell whether a process of ours ends within some seconds."""
    try:
        process = psutil.Process(pid)
        deadline = time.monotonic() + within
        while process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
    except psutil.NoSuchProcess:
        return True
    return True


def leave_parent(log: Path) -> None:
    """Begin the life of a process of its own: its group, its signals, its output in a log.

    An interrupt on the terminal is the harness's to hear, which passes on what it means.
    """
    os.setsid()
    adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(written, stream)


def adopt_orphans() -> None:
    """Become the parent of what children leave behind, where the system can (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def start(process: Any) -> None:
    """Start a process of `processes`, which nobody takes for an orphan meanwhile."""
    with _starting:
        process.start()


def kill_group(process: Any) -> None:
    """Kill a process of ours, its group, and all that it started in sessions of their own.

    Those are found through their parents while the process lives, which adopts those whose parents
    have ended (Linux; elsewhere these escape). Once it has ended by itself, the server has adopted
    them: whatever it is the parent of and we have not started.

    Args:
        process: A process of `processes` that `start` started.
    """
    family = list[psutil.Process]()
    if process.is_alive() and (head := _process(process.pid)):
        _stop([head], family)
    with contextlib.suppress(ProcessLookupError):  # it has ended, or is not yet the head of a group
        os.killpg(process.pid, signal.SIGKILL)
    _kill(family)
    if not family:
        kill_orphans()


def kill_orphans() -> None:
    """Kill what processes of ours that have ended left behind in sessions of their own (Linux)."""
    number = server()
    adopter = None if number is None or sys.platform != "linux" else _process(number)
    if adopter is None:
        return
    family = list[psutil.Process]()
    with _starting, contextlib.suppress(psutil.Error):
        ours = {each.pid for each in processes.active_children()}
        _stop([each for each in adopter.children() if each.pid not in ours], family)
    _kill(family)


def kill_descendants() -> None:
    """Kill all that this process started, whatever session it is in, but not this process."""
    family = list[psutil.Process]()
    head = psutil.Process()
    while found := [each for each in _children(head) if each not in family]:
        _stop(found, family)
    _kill(family)


def _stop(heads: list[psutil.Process], family: list[psutil.Process]) -> None:
    """Stop processes and all that they started, so that none starts another meanwhile.

    Args:
        heads: The processes.
        family: Gets all of them.
    """
    found = heads
    while found:
        for each in found:
            with contextlib.suppress(psutil.Error):
                each.suspend()
        family += found
        found = [each for head in heads for each in _children(head) if each not in family]


def _children(process: psutil.Process) -> list[psutil.Process]:
    """Return all that descends from a process; nothing if it is gone."""
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None


def _kill(family: list[psutil.Process]) -> None:
    for each in family:
        with contextlib.suppress(psutil.Error):  # gone with the group, or by itself
            each.kill()
