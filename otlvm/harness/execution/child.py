"""A run in a process of its own: what it does costs nobody else."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otlvm.harness.job import Job
from otlvm.harness.processes import has_ended, kill_group, processes, server, start, start_server
from otlvm.harness.store.work_folder import LOG, PROGRESS, read_progress, read_tail
from otlvm.harness.worker.work import INTERRUPTED, NO_MEMORY, NO_STORAGE, OTHER_CODE, work_alone

DETAILS = 4000
"""Characters of a log that a record keeps."""
UNKNOWN_EXIT = 255
"""What multiprocessing says of a process whose server has ended: nobody knows how it goes on."""
SERVER_SECONDS = 0.5
"""How long a server may take to be seen as ended, after its pipes are closed."""


@dataclass(frozen=True)
class End:
    """How a process ended.

    Attributes:
        how: ``finished`` (the result is in its folder), ``interrupted``, ``timeout``, ``memory``,
            ``no storage``, ``other code``, ``crashed`` (by itself) or ``server lost`` (through no
            fault of its own).
        reason: One line, unless it finished or was interrupted.
        details: The end of its log.
    """

    how: str
    reason: str = ""
    details: str = ""


class Child:
    """A process that executes a job, in a process group of its own.

    Args:
        job: The job.
        folder: Where it works.
    """

    def __init__(self, job: Job, folder: Path) -> None:
        self.job = job
        self.folder = folder
        (folder / PROGRESS).unlink(missing_ok=True)
        (folder / LOG).unlink(missing_ok=True)
        try:
            self._start()
        except (EOFError, ConnectionError):  # the server was killed: the next call starts another
            self._start()
        self._deadline = time.monotonic() + (job.limits.timeout or float("inf"))
        self._stop_by = float("inf")
        self._timed_out = False

    def _start(self) -> None:
        start_server()
        self._server = server()
        self._control, control = processes.Pipe()
        self._process = processes.Process(target=work_alone, args=(self.job, self.folder, control))
        start(self._process)
        control.close()

    def running(self) -> bool:
        """Tell whether the process is alive."""
        return bool(self._process.is_alive())

    def poll(self) -> End | None:
        """Return how it ended, None while it runs; ends it when its time is over."""
        now = time.monotonic()
        if now > self._deadline and self._process.is_alive():
            self._timed_out = True
            self.kill()
        if now > self._stop_by:
            self.kill()
        if self._process.is_alive():
            return None
        self._process.join()
        self.kill()  # what it may have started
        self._control.close()
        return self._end(self._process.exitcode)

    def stop(self, grace: float) -> None:
        """Ask it to save its state and stop; it is killed after some seconds of grace."""
        self._stop_by = min(self._stop_by, time.monotonic() + grace)
        self._send("stop")

    def tell_neighbours(self, count: int) -> None:
        """Say how many runs share the machine, itself included."""
        self._send(count)

    def kill(self) -> None:
        """Kill it, and all that it started."""
        kill_group(self._process)

    def progress(self) -> dict[str, Any] | None:
        """Return the newest row of its learning curve, with ``steps``."""
        return read_progress(self.folder)

    def _send(self, message: object) -> None:
        try:
            self._control.send(message)
        except OSError:  # it has ended meanwhile
            return

    def _end(self, code: int) -> End:
        details = read_tail(self.folder / LOG)[-DETAILS:]
        if (self.folder / "result" / "record.json").exists():
            return End("finished")
        if self._timed_out:
            return End("timeout", f"killed after {self.job.limits.timeout:g} s", details)
        if code == INTERRUPTED or self._stop_by < float("inf"):
            return End("interrupted")
        last = details.strip().rpartition("\n")[2]
        if code == NO_STORAGE:
            return End("no storage", last)
        if code == OTHER_CODE:
            return End("other code", last)
        if code == NO_MEMORY:
            return End("memory", last, details)
        if code == UNKNOWN_EXIT and self._server and has_ended(self._server, SERVER_SECONDS):
            return End("server lost", "the server that its process was forked from ended", details)
        if code < 0:
            name = signal.Signals(-code).name
            hint = ", as the kernel does when memory runs out" if code == -signal.SIGKILL else ""
            return End("crashed", f"the process was killed by {name}{hint}", details)
        return End("crashed", f"the process ended with exit code {code}, without a result", details)
