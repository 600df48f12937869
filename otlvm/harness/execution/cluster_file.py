"""A file that describes a queue's cluster, read and checked without Dask."""

import inspect
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from otlvm.harness.messages import InputError, show_path
from otlvm.harness.suite.validation import Strict, validated
from otlvm.harness.suite.yaml import YamlFile
from otlvm.wording import did_you_mean

QUEUES = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "sge": "SGECluster", "lsf": "LSFCluster"}
Count = Annotated[int, Field(gt=0)]
Lines = list[str]


class Options(Strict):
    """What we know of the options of dask-jobqueue's clusters; all others are theirs."""

    model_config = ConfigDict(extra="allow", strict=True)

    cores: Count = 1
    processes: Count = 1
    scheduler_options: dict[str, Any] = {}
    worker_extra_args: Lines = []
    job_script_prologue: Lines = []
    job_extra_directives: Lines = []
    job_directives_skip: Lines = []


class ClusterFile(Strict):
    """A file that describes a cluster; see ``benchmarks/clusters``.

    Attributes:
        queue: The kind of queue.
        jobs: How many workers to ask for.
        options: Those of dask-jobqueue's cluster.
    """

    queue: Literal["slurm", "pbs", "sge", "lsf"]
    jobs: Count = 1
    options: Options = Field(default_factory=Options)

    def one_run_each(self) -> dict[str, Any]:
        """Return the options with which a worker executes one run at a time, with all its cores."""
        options = self.options
        threads = max(1, options.cores // options.processes)
        return {
            **options.model_dump(exclude_unset=True),
            "scheduler_options": {"dashboard_address": ":0", **options.scheduler_options},
            "worker_extra_args": [*options.worker_extra_args, "--nthreads 1"],
            "job_script_prologue": [
                *options.job_script_prologue,
                f"export OMP_NUM_THREADS={threads}",
            ],
        }


def read_cluster_file(path: Path) -> ClusterFile:
    """Read a cluster's file.

    Raises:
        InputError: If the file is wrong.
    """
    try:
        described = validated(ClusterFile, YamlFile(path).content)
        _check_names(described)
    except InputError as error:
        where = f"{show_path(error.path)}: " if error.path else ""
        raise InputError(f"{path}: {where}{error.message}") from error
    return described


def _check_names(described: ClusterFile) -> None:
    """Refuse options that dask-jobqueue does not know, where it is installed."""
    try:
        import dask_jobqueue
    except ModuleNotFoundError:  # whoever needs it says so
        return
    name = QUEUES[described.queue]
    kind = getattr(dask_jobqueue, name)
    classes = [*kind.__mro__, *kind.job_cls.__mro__]
    known = {key for each in classes for key in inspect.signature(each.__init__).parameters}
    for key in described.options.model_extra or {}:
        if key not in known:
            hint = did_you_mean(key, sorted(known))
            raise InputError(f"{key}: dask_jobqueue.{name} has no such option{hint}", ("options",))
