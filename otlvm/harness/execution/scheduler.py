"""Executes jobs: who is next, who holds it, what becomes of it. The only writer of results."""

import shutil
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from otlvm.harness.execution.child import End
from otlvm.harness.execution.launchers import Handle, Launcher
from otlvm.harness.execution.progress import Observer
from otlvm.harness.execution.stops import Stops
from otlvm.harness.execution.task import Task, clear
from otlvm.harness.job import Job
from otlvm.harness.messages import show_duration
from otlvm.harness.store.leases import HEARTBEAT_SECONDS, STALE_SECONDS
from otlvm.harness.store.record import new_record
from otlvm.harness.store.result import write_result
from otlvm.harness.store.store import Store

POLL_SECONDS = 0.05
LOOK_ELSEWHERE_SECONDS = 1.0
COUNT_SECONDS = 0.5
GRACE_SECONDS = 10.0
TRIES = 2
"""How often a run may end badly before it is blamed: the machine may have killed it once."""
RESTARTS = 5
"""How often a run goes on after the server that it was forked from has ended."""


class StorageError(OSError):
    """A result could not be written; what was written before is whole."""


@dataclass
class Scheduler:
    """Executes tasks through a launcher, and commits what comes out.

    Attributes:
        store: Where results go.
        launcher: Where runs execute.
        observer: Who wants to know.
        stops: Whether to stop.
        fail_fast: Stop at the first run that is not done.
        models: Where the models are that runs start from; None is where results go.
    """

    store: Store
    launcher: Launcher
    observer: Observer
    stops: Stops
    fail_fast: bool = False
    models: Store | None = None
    _running: dict[str, tuple[Task, Handle]] = field(default_factory=dict)
    _failed: bool = False
    _ahead: set[str] = field(default_factory=set)
    """Runs of this call that are not settled: what starts from their models has to wait."""
    _elsewhere: deque[Task] = field(default_factory=deque)
    """Runs that somebody else has, or that wait for the model of another."""
    _told: set[str] = field(default_factory=set)
    _tries: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each run ended in each way."""
    _refused: set[str] = field(default_factory=set)
    """Runs that were not executed, for the code is another now."""

    def run(self, tasks: Sequence[Task]) -> None:
        """Execute all tasks that nobody else executes, and wait for the others.

        Raises:
            StorageError: If a result cannot be written. Runs under way save their state first.
        """
        waiting, elsewhere = deque(tasks), self._elsewhere
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
                            self._tell_whom_we_wait_for(task.job)
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
        if job.start is not None and job.start.id in self._refused:
            self._refuse(job, f"the run that it starts from, {job.start.label}, was not executed")
            return True
        if not self.store.leases.acquire(job.id):
            return False
        if self._done_meanwhile(task):
            self.store.leases.release(job.id)
            return True
        clear(task, self.store, self.observer)
        if self.store.finished(job.identity()):  # its process died between writing and committing
            self._commit(job)
            return True
        folder = self.store.begin(job.id)
        if not self._has_start(job):
            return True
        self._launch(task, folder)
        self.observer.start(job)
        self._tell_neighbours()
        return True

    def _launch(self, task: Task, folder: Path) -> None:
        """Start a run; one that executes in this process is over before anybody is told."""
        with self.store.leases.kept_alive(task.job.id):
            self._running[task.job.id] = task, self.launcher.launch(task.job, folder)

    def _has_start(self, job: Job) -> bool:
        """Put the model that a run starts from in its folder; without one the run has failed."""
        if job.start is None:
            return True
        models = self.models or self.store
        record = models.record_or_none(job.start.id)
        status = record["status"] if record is not None else "missing"
        if status == "done":
            if self.store.place_start(job.id, models.runs / job.start.id / "model"):
                return True
            status = "kept without its model: --rerun it"
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
            self._settle(task, end)

    def _settle(self, task: Task, end: End) -> None:
        """Turn an ended run into a result, unless it was interrupted or goes on."""
        job = task.job
        if end.how == "no storage":
            self.store.leases.release(job.id)
            raise StorageError(f"{job.label}, seed {job.seed}: {end.reason}")
        if end.how == "interrupted":
            self.store.give_back(job.id)
            saved = self.store.has_checkpoint(job.id)
            self.observer.finish(job, None, f"interrupted{', its state is saved' * saved}")
            return
        if end.how == "other code":
            self.store.give_back(job.id)
            self._refuse(job, end.reason)
            return
        self._tries[job.id, end.how] += 1
        most = {"crashed": TRIES, "server lost": RESTARTS}.get(end.how, 1)
        if self._tries[job.id, end.how] < most and not self._stopping():
            self._launch(task, self.store.folder(job.id))
            return
        with self.store.leases.held(job.id) as ours:
            record = self.store.record_or_none(job.id)
            if ours and (record is None or record["digest"] == task.before):
                if end.how != "finished":
                    self._write_failure(job, end)
                self.store.commit(job.id)
            else:
                ours = False
        if ours:
            self._committed(job)
        else:  # whoever has it, or had it meanwhile
            self.store.leases.release(job.id)
            self._elsewhere.append(task)

    def _refuse(self, job: Job, reason: str) -> None:
        """Leave a run without a result: it would be that of other code."""
        self._refused.add(job.id)
        self._ahead.discard(job.id)
        self._failed = True
        self.observer.finish(job, None, f"not executed, for {reason}; the same command plans anew")

    def _commit(self, job: Job) -> None:
        self.store.commit(job.id)
        self._committed(job)

    def _committed(self, job: Job) -> None:
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
            end.how if end.how in ("timeout", "memory") else "failed",
            reason=end.reason,
            details=end.details,
            finished=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        folder = self.store.folder(job.id) / "result"
        shutil.rmtree(folder, ignore_errors=True)
        write_result(folder, record, [], None)

    def _heartbeat(self) -> None:
        for run_id, (task, handle) in list(self._running.items()):
            if not self.store.leases.touch(run_id):  # we were stopped, and somebody has it now
                handle.kill()
                del self._running[run_id]
                self._elsewhere.append(task)

    def _tell_whom_we_wait_for(self, job: Job) -> None:
        """Say once who has a run that we want."""
        owner = self.store.leases.owner(job.id)
        if owner is not None and job.id not in self._told:
            self._told.add(job.id)
            silent = self.store.leases.silent_for(job.id)
            self.observer.wait(
                job,
                f"waits for {owner}, which gave a sign of life {show_duration(silent)} ago and "
                f"loses the run {show_duration(STALE_SECONDS)} after its last",
            )

    def _tell_neighbours(self) -> None:
        count = max(len(self._running), len(self.store.leases.on_this_host()))
        if count > 1:
            for _, handle in self._running.values():
                handle.tell_neighbours(count)
