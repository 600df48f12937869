"""Runs on Dask workers: one run per task, in a process of its own there too."""

import multiprocessing
import os
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import torch
from distributed import Client, Event, KilledWorker, get_client, get_worker

from otlvm.harness.execution.child import Child, End
from otlvm.harness.execution.launchers import BackendLostError
from otlvm.harness.job import Job
from otlvm.harness.messages import one_line
from otlvm.harness.store.files import pack, unpack
from otlvm.harness.store.work_folder import (
    CHECKPOINT,
    DAMAGED,
    LOG,
    START,
    cut_log,
    read_progress,
)
from otlvm.plugins import find_plugins_in

POLL_SECONDS = 0.2
ASK_SECONDS = 1.0
GRACE_SECONDS = 6.0


class DaskRuns:
    """A place where runs execute: the workers of a Dask cluster.

    A worker that finds the store's own folder works there, so that another can go on from its
    checkpoint if it is lost; elsewhere results and checkpoints travel as bytes. Dask tries a task
    again if its worker is lost, and only then: what a run itself does wrong is its result.

    Args:
        client: The cluster.
        root: The store's folder.
        device: ``cpu``, or ``cuda`` for workers with the resource ``GPU``.
        threads: Torch's threads of each run; None shares a worker's cores out.
        search: Folders where plug-ins lie.
    """

    def __init__(
        self, client: Client, root: Path, device: str, threads: int | None, search: list[str]
    ) -> None:
        self._client = client
        self._device = device
        self._threads = threads
        self._search = search
        self._token = uuid.uuid4().hex
        self._stop = Event(f"stop-{self._token}", client=client)
        self._known: dict[str, dict[str, Any]] | None = None
        self._asked = float("-inf")
        self._mark = root.resolve() / "work" / ".token"
        self._mark.unlink(missing_ok=True)
        with os.fdopen(
            os.open(self._mark, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w"
        ) as file:
            file.write(self._token)

    @property
    def slots(self) -> int:
        """As many runs as the workers have threads."""
        threads: int = sum(worker["nthreads"] for worker in self._workers())
        return max(1, threads)

    def launch(self, job: Job, folder: Path) -> "RemoteRun":
        """Submit a run."""
        on_host: dict[str, int] = {}
        for worker in self._workers():
            on_host[worker["host"]] = on_host.get(worker["host"], 0) + worker["nthreads"]
        neighbours = max(on_host.values(), default=1)
        future = self._client.submit(
            execute_remotely,
            job.on(self._device, self._threads).beside(neighbours),
            str(folder.resolve()),
            str(self._mark),
            self._token,
            pack(folder, [CHECKPOINT, START]),
            self._search,
            key=f"{job.id}-{uuid.uuid4().hex}",
            pure=False,
            resources={"GPU": 1} if self._device == "cuda" else None,
        )
        return RemoteRun(future, folder, self._stop)

    def _workers(self) -> list[dict[str, Any]]:
        if time.monotonic() > self._asked + ASK_SECONDS:  # asking costs the scheduler time
            self._asked = time.monotonic()
            self._known = self._client.scheduler_info(n_workers=-1).get("workers")
        if self._known is None:
            raise BackendLostError("the Dask scheduler is gone")
        return list(self._known.values())


class RemoteRun:
    """A run on a worker.

    Args:
        future: Its task.
        folder: The run's folder in the store.
        stop: The event that tells all tasks to stop.
    """

    def __init__(self, future: Any, folder: Path, stop: Event) -> None:
        self._future = future
        self._folder = folder
        self._stop = stop
        self._stop_by = float("inf")

    def poll(self) -> End | None:
        """Return how it ended; None while it runs.

        Raises:
            BackendLostError: If the scheduler is gone.
        """
        status = self._future.status
        if time.monotonic() > self._stop_by:
            self.kill()
            return End("interrupted")
        if status == "pending":
            return None
        if status == "finished":
            end: End
            end, files = self._future.result()
            if files:
                unpack(files, self._folder)
            return end
        if status == "error":
            error = self._future.exception()
            lost = isinstance(error, KilledWorker)  # Dask has tried again
            what = "its worker was lost again and again: " if lost else ""
            return End("workers lost" if lost else "crashed", f"{what}{one_line(error)}")
        raise BackendLostError("the Dask scheduler is gone")

    def stop(self, grace: float) -> None:
        """Tell all tasks to stop."""
        self._stop_by = min(self._stop_by, time.monotonic() + grace)
        if self._future.status == "pending":
            self._stop.set()

    def kill(self) -> None:
        """Forget the task: what runs of it ends with its worker."""
        self._future.cancel()

    def tell_neighbours(self, count: int) -> None:
        """Do nothing: the job says how many runs its host may execute."""

    def progress(self) -> dict[str, Any] | None:
        """Return the newest row of its learning curve, where the worker shares the disk."""
        return read_progress(self._folder)


def execute_remotely(
    job: Job, folder: str, mark: str, token: str, files: bytes, search: list[str]
) -> tuple[End, bytes]:
    """Execute a job on this worker.

    Args:
        job: The job.
        folder: Its folder in the store, if this machine has it.
        mark: A file in the store that holds the token, if this machine has it.
        token: Names this session.
        files: The checkpoint and the model it starts from, for machines that do not.
        search: Folders where plug-ins lie.

    Returns:
        How it ended, and the result (or, if it was interrupted, the checkpoint) as bytes.
    """
    for each in search:
        find_plugins_in(Path(each))
    worker, client = get_worker(), get_client()
    if job.threads is None:
        job = job.on(job.device, max(1, torch.get_num_threads() // worker.state.nthreads))
    # Nannies set this for workers that hold data; it makes every large tensor cost page faults.
    os.environ.pop("MALLOC_TRIM_THRESHOLD_", None)
    # A worker is a daemon to its nanny, and daemons must not have children; ours end with it.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    stop = Event(f"stop-{token}", client=client)
    with tempfile.TemporaryDirectory() as scratch:
        shared = _content(mark) == token
        place = Path(folder) if shared else Path(scratch)
        if not shared:
            unpack(files, place)
        end = _wait(Child(job, place), stop)
        return end, b"" if shared else _left(place)


def _left(place: Path) -> bytes:
    """Pack what a run leaves, of its log the end."""
    cut_log(place)
    return pack(place, ["result", CHECKPOINT, DAMAGED, LOG])


def _content(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError:
        return None


def _wait(child: Child, stop: Event) -> End:
    asked = time.monotonic()
    while True:
        end = child.poll()
        if end is not None:
            return end
        if time.monotonic() - asked > ASK_SECONDS:
            asked = time.monotonic()
            if stop.is_set():
                child.stop(GRACE_SECONDS)
        time.sleep(POLL_SECONDS)
