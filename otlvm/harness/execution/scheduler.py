"""Executes jobs: who is next, who holds it, what becomes of it. The only writer of results."""

import shutil
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from otlvm.harness.execution.child import End
from otlvm.harness.execution.launchers import Handle, Launcher
from otlvm.harness.execution.progress import Observer
from otlvm.harness.execution.stops import Stops
from otlvm.harness.job import Job
from otlvm.harness.store.leases import HEARTBEAT_SECONDS
from otlvm.harness.store.record import new_record, write_result
from otlvm.harness.store.store import Store

POLL_SECONDS = 0.05
LOOK_ELSEWHERE_SECONDS = 1.0
COUNT_SECONDS = 0.5
GRACE_SECONDS = 10.0


class StorageError(OSError):
    """A result could not be written; what was written before is whole."""


@dataclass
class Task:
    """A job, and the result it had when it was planned.

    Attributes:
        job: The job.
        before: Digest of that result; another one means that somebody has computed it since.
    """

    job: Job
    before: str | None = None


@dataclass
class Scheduler:
    """Executes tasks through a launcher, and commits what comes out.

    Attributes:
        store: Where results go.
        launcher: Where runs execute.
        observer: Who wants to know.
        stops: Whether to stop.
        fail_fast: Stop at the first run that is not done.
    """

    store: Store
    launcher: Launcher
    observer: Observer
    stops: Stops
    fail_fast: bool = False
    _running: dict[str, tuple[Task, Handle]] = field(default_factory=dict)
    _failed: bool = False
    _ahead: set[str] = field(default_factory=set)
    """Runs of this call that are not settled: what starts from their models has to wait."""

    def run(self, tasks: Sequence[Task]) -> None:
        """Execute all tasks that nobody else executes, and wait for the others.

        Raises:
            StorageError: If a result cannot be written. Runs under way save their state first.
        """
        waiting, elsewhere = deque(tasks), deque[Task]()
        self._ahead = {task.job.id for task in tasks}
        looked = heartbeat = counted = time.monotonic()
        try:
            while waiting or elsewhere or self._running:
                if self._stopping():
                    self._stop()
                    if not self._running:
                        return
                else:
                    while waiting and len(self._running) < self.launcher.slots:
                        task = waiting.popleft()
                        if not self._begin(task):
                            elsewhere.append(task)
                    if elsewhere and time.monotonic() - looked > LOOK_ELSEWHERE_SECONDS:
                        looked = time.monotonic()
                        waiting.extend(elsewhere)
                        elsewhere.clear()
                self._collect()
                if time.monotonic() - heartbeat > HEARTBEAT_SECONDS:
                    heartbeat = time.monotonic()
                    self._heartbeat()
                if time.monotonic() - counted > COUNT_SECONDS:  # another process may have begun
                    counted = time.monotonic()
                    self._tell_neighbours()
                time.sleep(POLL_SECONDS if self._running or elsewhere else 0)
        except OSError as error:
            self._stop()
            raise StorageError(str(error)) from error
        finally:
            for run_id, (_, handle) in self._running.items():
                handle.kill()
                self.store.leases.release(run_id)

    def _stopping(self) -> bool:
        return self.stops.count > 0 or (self.fail_fast and self._failed)

    def _stop(self) -> None:
        """Ask all to stop and wait for them; the second request kills them."""
        for _, handle in self._running.values():
            handle.stop(GRACE_SECONDS)
        asked = time.monotonic()
        while self._running and self.stops.count < 2:
            if time.monotonic() - asked > GRACE_SECONDS + 5:
                return
            self._collect()
            time.sleep(POLL_SECONDS)
        for _, handle in self._running.values():
            handle.kill()
        while self._running:
            self._collect()
            time.sleep(POLL_SECONDS)

    def _begin(self, task: Task) -> bool:
        """Start a task; False if another process has it, or it waits for the model of another."""
        job = task.job
        if self._done_meanwhile(task):
            return True
        if job.start is not None and job.start.id in self._ahead:
            return False
        if not self.store.leases.acquire(job.id):
            return False
        if self._done_meanwhile(task):
            self.store.leases.release(job.id)
            return True
        if self.store.finished(job.identity()):  # its process died between writing and committing
            self._commit(job)
            return True
        if not self._has_start(job):
            return True
        self._running[job.id] = task, self.launcher.launch(job, self.store.folder(job.id))
        self.observer.start(job)
        self._tell_neighbours()
        return True

    def _has_start(self, job: Job) -> bool:
        """Put the model that a run starts from in its folder; without one the run has failed."""
        if job.start is None:
            return True
        record = self.store.record_or_none(job.start.id)
        status = record["status"] if record is not None else "missing"
        if status == "done":
            self.store.place_start(job.id, job.start.id)
            return True
        reason = f"no model to start from: {job.start.label}, seed {job.start.seed}, is {status}"
        self._write_failure(job, End("crashed", reason))
        self._commit(job)
        return False

    def _done_meanwhile(self, task: Task) -> bool:
        record = self.store.record_or_none(task.job.id)
        if record is None or record["digest"] == task.before:
            return False
        self.store.tidy(task.job.id)
        self._ahead.discard(task.job.id)
        self.observer.finish(task.job, record, "by another process")
        return True

    def _collect(self) -> None:
        for run_id, (task, handle) in list(self._running.items()):
            if progress := handle.progress():
                self.observer.row(task.job, progress)
            end = handle.poll()
            if end is None:
                continue
            del self._running[run_id]
            self._settle(task.job, end)

    def _settle(self, job: Job, end: End) -> None:
        """Turn an ended run into a result, unless it was interrupted."""
        if end.how == "no storage":
            self.store.leases.release(job.id)
            raise StorageError(f"{job.label}, seed {job.seed}: {end.reason}")
        if end.how == "interrupted" or not self.store.leases.holds(job.id):
            self.store.leases.release(job.id)
            saved = self.store.has_checkpoint(job.id)
            self.observer.finish(job, None, "its state is saved" if saved else "")
            return
        if end.how != "finished":
            self._write_failure(job, end)
        self._commit(job)

    def _commit(self, job: Job) -> None:
        self.store.commit(job.id)
        self.store.leases.release(job.id)
        self._ahead.discard(job.id)
        damaged = self.store.tidy(job.id)
        record = self.store.record(job.identity())
        self._failed |= record is not None and record["status"] != "done"
        note = f"begun again, for its checkpoint was damaged: kept as {damaged}" if damaged else ""
        self.observer.finish(job, record, note)

    def _write_failure(self, job: Job, end: End) -> None:
        record = new_record(
            job.identity(),
            job.label,
            "timeout" if end.how == "timeout" else "failed",
            reason=end.reason,
            details=end.details,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        folder = self.store.folder(job.id) / "result"
        shutil.rmtree(folder, ignore_errors=True)
        write_result(folder, record, [], None)

    def _heartbeat(self) -> None:
        for run_id in self._running:
            self.store.leases.touch(run_id)

    def _tell_neighbours(self) -> None:
        count = max(len(self._running), len(self.store.leases.on_this_host()))
        if count > 1:
            for _, handle in self._running.values():
                handle.tell_neighbours(count)
