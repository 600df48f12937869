"""Processes forked from a server that imports torch once; how one leaves its parent and ends."""

import multiprocessing
import os
import signal
import threading
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import psutil

PRELOADED = [
    "otlvm.harness.execution.child",
    "otlvm.harness.worker.preload",
    "otlvm.harness.planning.parts",
]
SAFE_PATH = "PYTHONSAFEPATH"
SIGNALS = (signal.SIGINT, signal.SIGTERM)

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


def leave_parent(log: Path) -> None:
    """Begin the life of a process of its own: its group, its signals, its output in a log.

    An interrupt on the terminal is the harness's to hear, which passes on what it means.
    """
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(written, stream)


def kill_group(pid: int) -> None:
    """Kill a process, its group, and all that it started in groups of their own.

    What it started is found through its parents: a grandchild whose parent has ended before is not.
    """
    try:
        started = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        started = []
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
            break
        except ProcessLookupError:  # gone, or not yet the head of a group
            continue
    for process in started:
        try:
            process.kill()
        except psutil.NoSuchProcess:  # with its group
            continue
