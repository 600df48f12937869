"""Where Dask workers come from: a scheduler's address, a file that describes a cluster, or here."""

import logging
import shutil
from pathlib import Path
from typing import Any, Literal

from distributed import Client, LocalCluster
from pydantic import Field, ValidationError

from otlvm.harness.messages import InputError, show_path
from otlvm.harness.suite.validation import Strict
from otlvm.harness.suite.yaml import YamlFile

QUEUES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "sge": "SGECluster", "lsf": "LSFCluster"}
CONNECT_SECONDS = 15


class ClusterFile(Strict):
    """A file that describes a cluster; see ``benchmarks/clusters``."""

    queue: Literal["slurm", "pbs", "sge", "lsf"]
    jobs: int = Field(1, gt=0)
    options: dict[str, Any] = Field(default_factory=dict)


def connect(scheduler: str | None, file: Path | None, workers: int) -> Client:
    """Connect to a scheduler, start a queue's cluster, or start workers on this machine.

    Args:
        scheduler: A running scheduler's address.
        file: A `ClusterFile`.
        workers: How many workers to start here, if neither is given.

    Raises:
        InputError: If the scheduler does not answer or the file is wrong.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("distributed", "tornado")):  # what matters becomes an error of ours
            logging.getLogger(name).setLevel(logging.CRITICAL)
    if scheduler is not None:
        try:
            return Client(scheduler, timeout=CONNECT_SECONDS)
        except (OSError, ValueError) as error:
            raise InputError(
                f"--scheduler {scheduler}: no Dask scheduler answers: {error}"
            ) from error
    if file is not None:
        return Client(queue_cluster(file))
    return Client(
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address=None,
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        )
    )


def queue_cluster(path: Path) -> Any:
    """Start the cluster that a file describes, and ask it for its jobs.

    Raises:
        InputError: If the file is wrong.
    """
    import dask_jobqueue

    try:
        file = YamlFile(path)
        described = ClusterFile.model_validate(file.content)
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        where = show_path(problem["loc"])
        raise InputError(f"{path}: {where}: {problem['msg']}") from error
    try:
        cluster = getattr(dask_jobqueue, QUEUES[described.queue])(
            **_one_run_each(described.options)
        )
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: options: {error}") from error
    submit = cluster.job_cls.submit_command.split()[0]
    if shutil.which(submit) is None:
        cluster.close()
        raise InputError(
            f"{path}: there is no {submit} here: start from a machine that submits jobs"
        )
    cluster.scale(jobs=described.jobs)
    return cluster


def _one_run_each(options: dict[str, Any]) -> dict[str, Any]:
    """Let a worker execute one run at a time, with all of the worker's cores."""
    threads = options.get("cores", 1) // options.get("processes", 1)
    return {
        **options,
        "scheduler_options": {"dashboard_address": ":0", **options.get("scheduler_options", {})},
        "worker_extra_args": [*options.get("worker_extra_args", []), "--nthreads 1"],
        "job_script_prologue": [
            *options.get("job_script_prologue", []),
            f"export OMP_NUM_THREADS={max(1, threads)}",
        ],
    }
