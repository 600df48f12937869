"""Execute a job in a folder: what happens inside the process that a run has to itself."""

import importlib
import json
import shutil
import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import torch

from benchmarks.execute import Result, Row, execute, one_line
from benchmarks.fields import set_field
from benchmarks.job import Job
from benchmarks.machine import environment
from benchmarks.progress_file import write_progress
from benchmarks.record import write_result
from benchmarks.starts import FIELD
from benchmarks.store import CHECKPOINT, DAMAGED, START
from otlvm.data import Dataset, datasets
from otlvm.registry import RegistryError
from otlvm.training import CheckpointError, Checkpoints


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


def work(job: Job, folder: Path, control: Control) -> None:
    """Execute a job and write its result to ``folder/result``.

    Raises:
        InterruptedTrainingError: If it was told to stop.
    """
    importlib.import_module("benchmarks.first_use")  # before the clock starts
    if job.threads is not None:
        torch.set_num_threads(job.threads)
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

    config = job.config
    if job.start is not None:
        config = set_field(config, FIELD, str(folder / START))
    try:
        data = _load(json.dumps(job.config["data"], sort_keys=True), job.device)
        if data.checksum != job.data_checksum:
            raise RegistryError(f"the data {data.name} changed since this suite was planned")
    except RegistryError as error:
        result = Result("failed", one_line(error))
    else:
        try:
            result = execute(config, job.seed, data, checkpoints(), show)
        except CheckpointError as error:
            warnings.warn(f"{error}: begun again", stacklevel=2)
            (folder / CHECKPOINT).replace(folder / DAMAGED)
            result = execute(config, job.seed, data, checkpoints(), show)
    record = {
        **job.identity(),
        "label": job.label,
        "status": result.status,
        "reason": result.reason,
        "details": result.details,
        "diverged": result.diverged,
        "metrics": result.metrics,
        "pictures_failed": result.pictures_failed,
        "side_by_side": control.side_by_side,
        "started": started.isoformat(timespec="seconds"),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_seconds": time.monotonic() - clock,
        "environment": environment(device),
    }
    save = result.model.save if result.model is not None else None
    try:
        write_result(folder / "result", record, result.curves, save, result.pictures)
    except OSError:
        raise
    except Exception as error:  # a plug-in's model or numbers that cannot be written
        shutil.rmtree(folder / "result", ignore_errors=True)
        failed = {"status": "failed", "reason": one_line(error), "metrics": {}}
        write_result(folder / "result", {**record, **failed}, [], None)
    if result.pictures_failed is not None:
        warnings.warn(f"no pictures: {result.pictures_failed}", stacklevel=2)


@cache
def _load(spec: str, device: str) -> Dataset:
    """Load a data set once a process: a harness without isolation executes many runs in one."""
    return datasets.build(json.loads(spec)).to(torch.device(device))
