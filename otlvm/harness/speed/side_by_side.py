"""Whether a core is better used by a run of its own than by a second thread of another."""

import statistics
from multiprocessing.connection import Connection
from typing import Any

import pandas as pd
import torch

from otlvm.harness.processes import processes, start_server
from otlvm.harness.worker.given import cores
from otlvm.harness.worker.machine import limit_threads
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.training import fit

NETWORKS: dict[str, dict[str, object]] = {
    "mlp": {"name": "mlp"},
    "conv_mlp": {"name": "conv_mlp"},
    "paper_conv, 16 filters": {"name": "paper_conv", "decoder_filters": 16},
}
BATCH, STEPS, REPETITIONS = 64, 40, 3


def measure_side_by_side(
    networks: dict[str, dict[str, object]] = NETWORKS,
    steps: int = STEPS,
    repetitions: int = REPETITIONS,
) -> pd.DataFrame:
    """Time steps of a GM-WAE with one thread, with all cores, and beside as many runs as cores.

    Args:
        networks: Networks by the name that is shown.
        steps: Steps that are timed.
        repetitions: How often, in turn; medians are shown.

    Returns:
        Columns ``network``, ``cores``; milliseconds of a step ``one_thread`` and ``all_cores``, of
        a run that has the machine alone, and ``side_by_side``, of one of as many as there are cores
        with one thread each; and ``work``: how many times the work side by side is of one run with
        all cores, in the same time.
    """
    start_server()
    rows = []
    for name, network in networks.items():
        taken = [
            [step_ms(network, steps, runs, threads) for runs, threads in _ways()]
            for _ in range(repetitions)
        ]
        one, whole, beside = (statistics.median(times) for times in zip(*taken, strict=True))
        times = {"one_thread": one, "all_cores": whole, "side_by_side": beside}
        rows.append({"network": name, "cores": cores(), **times, "work": cores() * whole / beside})
    return pd.DataFrame(rows)


def _ways() -> list[tuple[int, int]]:
    return [(1, 1), (1, cores()), (cores(), 1)]


def step_ms(network: dict[str, object], steps: int, runs: int, threads: int) -> float:
    """Return the milliseconds of a step of runs that train at the same time, on average.

    Args:
        network: Their network.
        steps: Steps that are timed.
        runs: How many, each in a process of its own.
        threads: Threads of each.
    """
    ready = processes.Barrier(runs)
    pipes, started = [], []
    for _ in range(runs):
        ours, theirs = processes.Pipe()
        process = processes.Process(target=_train, args=(network, steps, threads, ready, theirs))
        process.start()
        theirs.close()
        pipes.append(ours)
        started.append(process)
    taken: list[float] = [pipe.recv() for pipe in pipes]
    for process in started:
        process.join()
    return statistics.mean(taken)


def _train(
    network: dict[str, object], steps: int, threads: int, ready: Any, told: Connection
) -> None:
    limit_threads(threads)
    torch.manual_seed(0)
    model = LatentMixtureModel((1, 28, 28), network, "gaussian_mixture")
    objective = objectives.build({"name": "wae", "divergence": "imq_mmd"})
    x = torch.rand(10 * BATCH, 784)
    fit(model, objective, x, steps=5, batch_size=BATCH)  # the first steps take longer
    ready.wait()
    told.send(1000 * fit(model, objective, x, steps=steps, batch_size=BATCH).seconds / steps)
    ready.wait()  # nobody has the machine alone before all have ended
