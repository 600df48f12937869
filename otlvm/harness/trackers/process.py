"""A tracker at work in a process of its own: whatever it does there harms nobody else."""

import contextlib
import os
import queue
import re
import signal
import threading
import time
import traceback
from collections import deque
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

from filelock import FileLock

from otlvm.harness.processes import (
    kill_descendants,
    kill_group,
    leave_parent,
    processes,
    start,
    start_server,
)
from otlvm.harness.store.store import Store
from otlvm.harness.trackers.base import trackers
from otlvm.harness.trackers.logged import LoggedSuite, read_run
from otlvm.registry import Spec

PATIENCE_SECONDS = 60.0
GRACE_SECONDS = 8.0
"""For a tracker that is told to stop to say so where it logs."""
FOLDER = "trackers"
Message = tuple[str, str] | None
"""Label and id of a run; None is the suite."""


class TrackerDownError(RuntimeError):
    """A tracker raised, hangs or is gone."""


class TrackerProcess:
    """A tracker in a process of its own, which begins with the first message.

    One message is under way at a time, so that nobody waits for a full pipe.

    Args:
        name: What to call it.
        spec: What it is.
        store: The suite's results.
        suite: The suite's name.
    """

    def __init__(self, name: str, spec: Spec, store: Store, suite: str) -> None:
        self.name = name
        plain = re.sub(r"[^\w.-]+", "_", name)[:100]
        self.log = store.root.resolve() / FOLDER / f"{plain}.log"
        self._waiting: deque[Message] = deque()
        self._asked: float | None = None
        self._arguments = (spec, store.root.resolve(), suite, self.log)
        self._process: Any = None
        self._connection: Any = None

    def put(self, message: Message) -> None:
        """Queue something for it to log."""
        self._waiting.append(message)

    def left(self) -> int:
        """Return how many messages it still has to log."""
        return len(self._waiting) + (self._asked is not None)

    def pump(self) -> None:
        """Hand on the next message if the one before is done; never waits.

        Raises:
            TrackerDownError: If it raised, hangs or is gone.
        """
        if self._asked is not None:
            if self._connection.poll():
                self._receive()
            elif time.monotonic() - self._asked > PATIENCE_SECONDS:
                raise TrackerDownError(f"it did not answer for {PATIENCE_SECONDS:g} s")
        if self._asked is None and self._waiting:
            if self._process is None:
                self._start()
            self._connection.send(self._waiting.popleft())
            self._asked = time.monotonic()

    def kill(self) -> None:
        """Kill it, and all that it started; one at work is told before, and has some seconds."""
        self._waiting.clear()
        if self._process is None:
            return
        if self._asked is not None:
            self._interrupt()
        kill_group(self._process)
        self._process.join()
        self._connection.close()
        self._process = None

    def _interrupt(self) -> None:
        """Ask it to leave what it is doing, and wait for any answer: then nothing is half done."""
        self._asked = None  # whoever is tired of waiting here does not wait again
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGTERM)
        self._connection.poll(GRACE_SECONDS)

    def _receive(self) -> None:
        try:
            problem = self._connection.recv()
        except (EOFError, OSError) as error:
            raise TrackerDownError("its process has ended") from error
        if problem is not None:
            raise TrackerDownError(problem)
        self._asked = None

    def _start(self) -> None:
        try:
            self.log.parent.mkdir(exist_ok=True)
            start_server()
            self._connection, connection = processes.Pipe()
            arguments = (*self._arguments, connection)
            self._process = processes.Process(target=_main, args=arguments, daemon=True)
            start(self._process)
            connection.close()
        except (OSError, EOFError) as error:
            raise TrackerDownError(f"its process does not start: {error}") from error


def _main(spec: Spec, root: Path, suite: str, log: Path, connection: Connection) -> None:
    """Log what each message names: the code of the process.

    SIGTERM interrupts the tracker, as Ctrl-C does elsewhere, so that it can close what it has open.
    """
    leave_parent(log)
    messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
    idle = threading.Event()
    threading.Thread(target=_listen, args=(connection, messages, idle), daemon=True).start()
    store, lock = Store(root), FileLock(log.with_suffix(".lock"))
    tracker = None
    while True:
        problem = None
        try:
            signal.signal(signal.SIGTERM, _interrupt_once)
            idle.set()
            message = messages.get()
            idle.clear()
            tracker = tracker or trackers.build(spec, root=root, suite=suite)
            with lock:  # another command may work on this folder too
                if message is None:
                    tracker.log_suite(LoggedSuite(suite, root))
                elif (run := read_run(store, *message)) is not None:
                    tracker.log_run(run)
        except KeyboardInterrupt:
            traceback.print_exc()  # where it was, if it hung
            problem = "it was told to stop"
        except Exception as error:  # whatever it is, the harness is told
            traceback.print_exc()
            problem = " ".join(f"{type(error).__name__}: {error}".split())
        with contextlib.suppress(OSError):  # the harness is gone
            connection.send(problem)


def _interrupt_once(number: int, frame: FrameType | None) -> None:
    """Interrupt, and be deaf from then on: a second signal would cut off what the first began."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _listen(
    connection: Connection, messages: "queue.SimpleQueue[Message]", idle: threading.Event
) -> None:
    """Pass on messages; when the harness is gone, however it ended, so is all of this."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            messages.put(connection.recv())
    if not idle.is_set():
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
        idle.wait(GRACE_SECONDS)
    kill_descendants()
    os.killpg(0, signal.SIGKILL)
