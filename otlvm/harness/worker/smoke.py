"""One step of a config: what only training shows, shown before a long suite begins."""

import os
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from otlvm.data import datasets, relative_to
from otlvm.evaluation import curve_point
from otlvm.harness.config import Config
from otlvm.harness.job import Job
from otlvm.harness.messages import one_line
from otlvm.harness.processes import leave_parent
from otlvm.harness.worker.execute import seed_everything, step_options
from otlvm.harness.worker.limits import limit_memory
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.registry import RegistryError
from otlvm.starts import starts
from otlvm.training import Stop, fit


def smoke_alone(jobs: Sequence[Job], log: Path, connection: Connection) -> None:
    """Take a step of each job in this process, and say of each what it raised: None or a line."""
    leave_parent(log)
    try:
        limit_memory(jobs[0].limits.memory_mb)
    except MemoryError as error:
        connection.send(one_line(error))
        os._exit(0)
    for job in jobs:
        try:
            take_a_step(job)
        except (Exception, SystemExit) as error:
            traceback.print_exc()
            connection.send(one_line(error))
        else:
            connection.send(None)
    os._exit(0)


def take_a_step(job: Job) -> None:
    """Build, start and train a model for a step, and measure a row of its curve.

    Raises:
        Exception: Whatever training would raise in its first step.
    """
    train: dict[str, Any] = job.config["train"]
    seed_everything(job.seed)
    with relative_to(job.folder):
        data = datasets.build(job.config["data"])
    if data.checksum != job.data_checksum:
        raise RegistryError(f"the data {data.name} are others each time they are loaded")
    data = data.to(job.device)
    model = LatentMixtureModel(data.image_shape, **job.config["model"], scaling=data.scaling)
    model = model.to(job.device)
    objective = objectives.build(job.config["objective"]).to(job.device)
    start = _short(train["start"])
    if start is not None:
        starts.build(start).prepare(model, data.x_train, train["batch_size"])
    stop = None if train["stop"] is None else Stop(**train["stop"])
    options = step_options({**train, "compile": False})
    fit(model, objective, data, steps=1, stop=stop, **options)
    curve_point(model, data)


def _short(start: Config) -> Config | None:
    """Return a start of one step; None if it needs another's model or has parts of its own."""
    plain = all(isinstance(v, str | bool | int | float) for v in start.values())
    if not plain or start["name"] == "trained":
        return None
    takes = starts.parameters(start["name"])
    return {**start, "steps": 1} if "steps" in takes and start.get("steps") != 0 else start
