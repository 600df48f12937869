"""Where Dask workers come from: a scheduler's address, a file that describes a cluster, or here."""

import logging
import shutil
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster

from otlvm.harness.execution.cluster_file import QUEUES, read_cluster_file
from otlvm.harness.messages import InputError

CONNECT_SECONDS = 15


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

    described = read_cluster_file(path)
    try:
        cluster = getattr(dask_jobqueue, QUEUES[described.queue])(**described.one_run_each())
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
