"""The server that runs are forked from: torch is imported once, not once a run."""

import multiprocessing
import os
import signal
import threading
from multiprocessing import forkserver
from typing import Any

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
