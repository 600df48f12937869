"""Opens the place where runs execute that the command line asks for."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.launch import BackendLostError, Inline, Launcher, Processes
from benchmarks.stops import Stops
from benchmarks.yaml_file import SuiteError

CLOSE_SECONDS = 3
DASK = ("dask", "distributed")

__all__ = ["BackendLostError", "open_backend"]


@contextmanager
def open_backend(
    options: argparse.Namespace, device: str, stops: Stops, root: Path
) -> Iterator[Launcher]:
    """Yield the launcher of ``--backend`` and ``--jobs``; close what it needed afterwards.

    Args:
        options: The command line's options.
        device: ``cpu`` or ``cuda``.
        stops: Requests to stop.
        root: The store's folder.

    Raises:
        SuiteError: If a cluster is not there or not as described.
    """
    if options.backend == "dask":
        try:
            from benchmarks.cluster import connect
            from benchmarks.dask_runs import DaskRuns
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in DASK:
                raise
            raise SuiteError(
                f"--backend dask needs more packages: pip install 'otlvm[dask]' ({error})"
            ) from error
        client = connect(options.scheduler, options.cluster, options.jobs)
        cluster = None if options.scheduler else client.cluster
        try:
            search = [str(options.suite.resolve().parent)]
            yield DaskRuns(client, root, device, options.threads, search)
        finally:
            client.close(timeout=CLOSE_SECONDS)
            if cluster is not None:
                cluster.close()
    elif options.jobs:
        yield Processes(options.jobs, device, options.threads)
    else:
        yield Inline(device, stops, options.threads)
