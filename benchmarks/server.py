"""The server that runs are forked from: torch is imported once, not once a run."""

import multiprocessing
import signal
import threading
from multiprocessing import forkserver
from typing import Any

PRELOADED = ["benchmarks.child", "benchmarks.first_use", "benchmarks.prepare"]
SIGNALS = (signal.SIGINT, signal.SIGTERM)

_method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
processes: Any = multiprocessing.get_context(_method)
if _method == "forkserver":
    processes.set_forkserver_preload(PRELOADED)


def start_server() -> None:
    """Start the server, deaf to signals meant for the harness; nothing happens if it runs."""
    if _method != "forkserver":
        return
    here = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS} if here else {}
    try:
        forkserver.ensure_running()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
