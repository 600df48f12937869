"""Execute a job in a folder: what happens inside the process that a run has to itself."""

import contextlib
import errno
import importlib
import json
import os
import shutil
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

import torch

from otlvm.data import Dataset, datasets, relative_to
from otlvm.harness.code.running import CodeChangedError, RunningCode
from otlvm.harness.config import move_saved_models, set_field
from otlvm.harness.job import START_FIELD, Job
from otlvm.harness.messages import one_line
from otlvm.harness.processes import kill_descendants, leave_parent
from otlvm.harness.store.record import Facts, new_record
from otlvm.harness.store.result import write_result
from otlvm.harness.store.work_folder import CHECKPOINT, DAMAGED, LOG, START, write_progress
from otlvm.harness.worker.execute import Result, Row, execute
from otlvm.harness.worker.limits import limit_memory
from otlvm.harness.worker.machine import environment, limit_threads
from otlvm.harness.worker.memory import keep_freed_memory
from otlvm.harness.worker.shelf import DiskShelf
from otlvm.registry import RegistryError
from otlvm.training import CheckpointError, Checkpoints, InterruptedTrainingError

INTERRUPTED = 75  # EX_TEMPFAIL: stopped on demand, its state saved
NO_STORAGE = 74  # EX_IOERR: the result could not be written
NO_MEMORY = 71  # EX_OSERR: the limit of memory left no room to say so
OTHER_CODE = 78  # EX_CONFIG: the code is not what the job was planned with
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.ESTALE)
"""What systems say of disks; whatever else a plug-in raises while it is saved is its own."""


@dataclass
class Control:
    """What the outside world says while a run works.

    Attributes:
        stop: It shall save its state and stop.
        side_by_side: The most runs that ever shared the machine with it, itself included.
    """

    stop: bool = False
    side_by_side: int = 1

    def should_stop(self) -> bool:
        """Tell whether it shall save its state and stop."""
        return self.stop


def work(
    job: Job, folder: Path, control: Control, limit: Callable[[], None] = lambda: None
) -> None:
    """Execute a job and write its result to ``folder/result``.

    Args:
        job: The job.
        folder: Where it works.
        control: What the outside world says.
        limit: Called when all is imported and threads run; raises MemoryError if it cannot hold.

    Raises:
        InterruptedTrainingError: If it was told to stop.
        CodeChangedError: If this process has other code than the job was planned with.
    """
    importlib.import_module("otlvm.harness.worker.preload")  # before the clock starts
    if job.threads is not None:
        limit_threads(job.threads)
    running = RunningCode(job)
    shutil.rmtree(folder / "result", ignore_errors=True)
    clock, started = time.monotonic(), datetime.now(UTC)
    device = torch.device(job.device)

    def show(row: Row) -> None:
        try:
            write_progress(folder, {**row, "steps": job.config["train"]["steps"]})
        except OSError as error:  # only a display
            warnings.warn(f"no progress shown: {error}", stacklevel=2)

    def checkpoints() -> Checkpoints:
        limits = job.limits
        return Checkpoints(
            folder / CHECKPOINT,
            limits.checkpoint_steps,
            limits.checkpoint_seconds,
            identity=job.id,
            stop=control.should_stop,
        )

    there = Path(job.folder).absolute()
    config = move_saved_models(job.config, lambda named: str(there / Path(named).expanduser()))
    of_data = Facts()
    if job.start is not None:
        config = set_field(config, START_FIELD, str(folder / START))
    try:
        limit()
        data = _load(json.dumps(job.config["data"], sort_keys=True), job.device, job.folder)
        if data.checksum != job.data_checksum:
            raise RegistryError(f"the data {data.name} changed since this suite was planned")
    except RegistryError as error:
        result = Result("failed", one_line(error))
    except MemoryError as error:
        result = Result("memory", one_line(error))
    else:
        of_data = facts_of(data)
        shelf = DiskShelf.of(folder, job.code, job.learnt_since)
        try:
            result = execute(config, job.seed, data, checkpoints(), show, shelf)
        except CheckpointError as error:
            warnings.warn(f"{error}: begun again", stacklevel=2)
            (folder / CHECKPOINT).replace(folder / DAMAGED)
            result = execute(config, job.seed, data, checkpoints(), show, shelf)
    running.check_late_imports()
    record = new_record(
        job.identity(),
        job.label,
        result.status,
        reason=result.reason,
        details=result.details,
        diverged=result.diverged,
        metrics=result.metrics,
        metrics_failed=result.metrics_failed,
        pictures_failed=result.pictures_failed,
        side_by_side=control.side_by_side,
        started=started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_seconds=time.monotonic() - clock,
        environment=environment(device),
        unlabelled=of_data.get("unlabelled"),
        class_names=of_data.get("class_names"),
        notes=[] if result.model is None else result.model.notes(),
    )
    save = result.model.save if result.model is not None else None
    try:
        write_result(folder / "result", record, result.curves, save, result.pictures)
    except (Exception, SystemExit) as error:  # a plug-in's model or numbers that cannot be written
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        shutil.rmtree(folder / "result", ignore_errors=True)
        failed = {"status": "failed", "reason": one_line(error), "metrics": {}}
        write_result(folder / "result", {**record, **failed}, [], None)
    if result.pictures_failed is not None:
        warnings.warn(f"no pictures: {result.pictures_failed}", stacklevel=2)


def facts_of(data: Dataset) -> Facts:
    """Return what a record says of its data."""
    names = None if data.class_names is None else list(data.class_names)
    unlabelled = None if data.y_train is None else list(data.unlabelled)
    return {"unlabelled": unlabelled, "class_names": names}


@cache
def _load(spec: str, device: str, folder: str) -> Dataset:
    """Load a data set once a process: a harness without isolation executes many runs in one."""
    with relative_to(folder):
        return datasets.build(json.loads(spec)).to(torch.device(device))


def work_alone(job: Job, folder: Path, connection: Connection) -> None:
    """Execute a job in the process that it has to itself."""
    leave_parent(folder / LOG)
    keep_freed_memory()
    control = Control(side_by_side=job.side_by_side)
    threading.Thread(target=_listen, args=(connection, control), daemon=True).start()
    try:
        work(job, folder, control, lambda: limit_memory(job.limits.memory_mb))
    except InterruptedTrainingError:
        kill_descendants()
        os._exit(INTERRUPTED)
    except CodeChangedError as error:
        _leave(str(error), OTHER_CODE)
    except OSError as error:
        _leave(f"{type(error).__name__}: {error}", NO_STORAGE)
    except MemoryError as error:
        _leave(f"{type(error).__name__}: {error}", NO_MEMORY)
    sys.stdout.flush()
    sys.stderr.flush()
    kill_descendants()
    os._exit(0)  # whatever threads a plug-in has left


def _leave(reason: str, code: int) -> NoReturn:
    """End with a last line in the log."""
    with contextlib.suppress(Exception):
        sys.stderr.write(f"{reason}\n")
        sys.stderr.flush()
    kill_descendants()
    os._exit(code)


def _listen(connection: Connection, control: Control) -> None:
    try:
        while True:
            message = connection.recv()
            if message == "stop":
                control.stop = True
            else:
                control.side_by_side = max(control.side_by_side, message)
    finally:  # the harness is gone, another may go on with this run; or nothing can be heard
        kill_descendants()
        os.killpg(0, signal.SIGKILL)
