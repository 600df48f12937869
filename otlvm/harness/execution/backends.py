"""Opens the place where runs execute that the command line asks for."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from otlvm.harness.execution.launchers import BackendLostError, Inline, Launcher, Processes
from otlvm.harness.execution.stops import Stops
from otlvm.harness.messages import InputError

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
        InputError: If a cluster is not there or not as described.
    """
    if options.backend == "dask":
        try:
            from otlvm.harness.execution.clusters import connect
            from otlvm.harness.execution.dask_workers import DaskRuns
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in DASK:
                raise
            raise InputError(
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
