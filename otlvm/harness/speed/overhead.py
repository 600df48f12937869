"""What ``fit``, and a run of the harness, cost above a training loop written by hand."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
import yaml
from torch import Tensor

from otlvm.data import mnist_5k
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.training import fit

NETWORK = "mlp"
PRIOR = {"name": "gaussian_mixture", "components": 10, "dim": 10}
OBJECTIVE = {"name": "wae", "divergence": "imq_mmd", "expectation": "sum_and_sample"}
BATCH, RATE, SEED = 64, 5e-4, 0


def measure_overhead(steps: int = 300, repetitions: int = 9) -> pd.DataFrame:
    """Time the same training by hand, by ``fit``, and as a suite of one run, in turn.

    Each has one thread. A run is a child of ``otlvm run``: its training is what its record says of
    a step, and the command is all that a user waits for, with start-up, data, metrics and tables.

    Args:
        steps: Steps of each training.
        repetitions: How often, in turn; medians are shown.

    Returns:
        Columns ``what``, ``ms`` of a step, and ``above``, the share that it takes above the loop.
    """
    images = mnist_5k().x_train
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    ways: dict[str, Callable[[], float]] = {
        "a loop by hand": lambda: _by_hand(images, steps),
        "fit": lambda: _by_fit(images, steps),
    }
    times: dict[str, list[float]] = {}
    for _ in range(repetitions):
        for what, seconds in ways.items():
            times.setdefault(what, []).append(seconds())
        for what, spent in _by_harness(steps).items():
            times.setdefault(what, []).append(spent)
    torch.set_num_threads(threads)
    medians = {what: 1000 * statistics.median(spent) / steps for what, spent in times.items()}
    loop = medians["a loop by hand"]
    return pd.DataFrame(
        [{"what": what, "ms": ms, "above": ms / loop - 1} for what, ms in medians.items()]
    )


def _model() -> LatentMixtureModel:
    torch.manual_seed(SEED)
    return LatentMixtureModel((1, 28, 28), NETWORK, dict(PRIOR))


def _by_hand(images: Tensor, steps: int) -> float:
    """Train as a script would; returns the seconds."""
    model = _model().train()
    objective = objectives.build(dict(OBJECTIVE))
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    started = time.perf_counter()
    losses = []
    order, at = torch.randperm(len(images)), 0
    for _ in range(steps):
        if at + BATCH > len(order):
            order, at = torch.randperm(len(images)), 0
        x = images[order[at : at + BATCH]]
        at += BATCH
        optimizer.zero_grad()
        loss = objective(model, x).total
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    torch.stack(losses).tolist()
    return time.perf_counter() - started


def _by_fit(images: Tensor, steps: int) -> float:
    model = _model()
    started = time.perf_counter()
    fit(model, dict(OBJECTIVE), images, steps=steps, batch_size=BATCH, learning_rate=RATE)
    return time.perf_counter() - started


def _by_harness(steps: int) -> dict[str, float]:
    """Train by ``otlvm run``; returns the seconds of the training and of the command."""
    suite = {
        "name": "overhead",
        "data": "mnist_5k",
        "model": {"network": NETWORK, "prior": PRIOR},
        "train": {"steps": steps, "batch_size": BATCH, "learning_rate": RATE},
        "seeds": [SEED],
        "runs": [{"label": "one", "objective": OBJECTIVE}],
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "overhead.yaml"
        path.write_text(yaml.safe_dump(suite))
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "otlvm", "run", path.name, "--out", "out", "--threads", "1"],
            cwd=folder,
            env={**os.environ, "PYTHONSAFEPATH": "1"},
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        command = time.perf_counter() - started
        table = pd.read_csv(Path(folder) / "out" / "runs.csv")
        training = float(table["step_ms"].iloc[0]) * steps / 1000
    return {"the training of a run": training, "the command, all in all": command}
