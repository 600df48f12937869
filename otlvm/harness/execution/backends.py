"""Opens the place where runs execute that a call asks for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from otlvm.harness.execution.launchers import Inline, Launcher, Processes
from otlvm.harness.execution.stops import Stops
from otlvm.harness.messages import InputError

CLOSE_SECONDS = 3
DASK = ("dask", "distributed")


@dataclass(frozen=True)
class Place:
    """Where runs execute.

    Attributes:
        device: ``cpu`` or ``cuda``.
        jobs: How many at a time; 0 is this process.
        threads: Torch's threads of each; None shares the cores out.
        backend: ``local`` or ``dask``.
        scheduler: A running Dask scheduler's address.
        cluster: A file that describes a queue's cluster.
        search: Where plug-ins lie.
    """

    device: str = "cpu"
    jobs: int = 1
    threads: int | None = None
    backend: str = "local"
    scheduler: str | None = None
    cluster: Path | None = None
    search: Path = Path()


@contextmanager
def open_backend(place: Place, stops: Stops, root: Path) -> Iterator[Launcher]:
    """Yield the launcher of a place; close what it needed afterwards.

    Args:
        place: Where runs execute.
        stops: Requests to stop.
        root: The store's folder.

    Raises:
        InputError: If a cluster is not there or not as described.
    """
    if place.backend == "dask":
        with _dask(place, root) as launcher:
            yield launcher
    elif place.jobs:
        yield Processes(place.jobs, place.device, place.threads)
    else:
        yield Inline(place.device, stops, place.threads)


@contextmanager
def _dask(place: Place, root: Path) -> Iterator[Launcher]:
    try:
        from otlvm.harness.execution.clusters import connect
        from otlvm.harness.execution.dask_workers import DaskRuns
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in DASK:
            raise
        raise InputError(
            f"--backend dask needs more packages: pip install 'otlvm[dask]' ({error})"
        ) from error
    client = connect(place.scheduler, place.cluster, place.jobs)
    cluster = None if place.scheduler else client.cluster
    try:
        yield DaskRuns(client, root, place.device, place.threads, [str(place.search.resolve())])
    finally:
        client.close(timeout=CLOSE_SECONDS)
        if cluster is not None:
            cluster.close()
