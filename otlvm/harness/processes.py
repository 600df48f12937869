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
    _adopt_orphans()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(written, stream)


def _adopt_orphans() -> None:
    """Become the parent of what children leave behind, where the system can (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_group(process: Any) -> None:
    """Kill a process of ours, its group, and all that it started in sessions of their own.

    Those are found through their parents while the process lives, which adopts those whose parents
    have ended (Linux; elsewhere these escape). Once it has ended by itself, its group alone is left
    to be killed.

    Args:
        process: A started process of `processes`.
    """
    family = _stopped_family(process.pid) if process.is_alive() else []
    with contextlib.suppress(ProcessLookupError):  # it has ended, or is not yet the head of a group
        os.killpg(process.pid, signal.SIGKILL)
    for each in family:
        with contextlib.suppress(psutil.Error):  # gone with the group, or by itself
            each.kill()


def _stopped_family(pid: int) -> list[psutil.Process]:
    """Stop a process and all that it started, so that none starts another meanwhile."""
    try:
        head = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return []
    family, found = list[psutil.Process](), [head]
    while found:
        for each in found:
            with contextlib.suppress(psutil.Error):
                each.suspend()
        family += found
        try:
            found = [each for each in head.children(recursive=True) if each not in family]
        except psutil.NoSuchProcess:
            found = []
    return family
