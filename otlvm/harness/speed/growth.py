"""How the cost of the IMQ-MMD grows with data points and components: time and peak memory."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
import torch
from rich.console import Console
from torch import Tensor

from otlvm.divergences import IMQMMD
from otlvm.harness.speed.peers import plain_imq_mmd
from otlvm.harness.worker.machine import peak_memory, reset_peak_memory
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture

POINTS, COMPONENTS, DIM = 128, 10, 10
SWEEPS = {
    "points": (64, 128, 256, 512, 1024, 2048, 4096),
    "components": (1, 2, 5, 10, 20, 50),
}
PLAIN_PAIRS = 2560**2  # the plain algorithm keeps some 60 matrices of this size: 1.5 GB
NAMES = {"marginal": "imq_mmd", "joint": "imq_mmd, joint", "plain": "paper's algorithm, plainly"}


def grow(console: Console, sweeps: dict[str, tuple[int, ...]] = SWEEPS) -> pd.DataFrame:
    """Measure value and gradient of each way along each sweep, the other size as in the paper.

    Returns:
        Columns ``sweep``, ``points``, ``components``, ``way``, ``ms`` and ``peak_mb``, the memory
        taken beyond what the process held before.
    """
    rows = []
    threads = torch.get_num_threads()
    # A new process for each: what one freed would hide what the next one takes.
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as processes:
        for sweep, sizes in sweeps.items():
            for size in sizes:
                n, k = (size, COMPONENTS) if sweep == "points" else (POINTS, size)
                for way in NAMES:
                    if way == "plain" and (n * k) ** 2 > PLAIN_PAIRS:
                        continue
                    with console.status(f"growth: {n} points, {k} components, {NAMES[way]}"):
                        ms, peak = processes.submit(cost, way, n, k, threads).result()
                    rows.append({"sweep": sweep, "points": n, "components": k,
                                 "way": NAMES[way], "ms": ms, "peak_mb": peak})  # fmt: skip
    return pd.DataFrame(rows)


def cost(way: str, n: int, n_components: int, threads: int) -> tuple[float, float]:
    """Milliseconds, and MiB beyond what the process held, for one value and its gradient."""
    torch.set_num_threads(threads)
    _once(way, 8, n_components)()  # starts threads and loads code, which is not the way's doing
    once = _once(way, n, n_components)
    device = torch.device("cpu")
    reset_peak_memory(device)
    before = peak_memory(device)
    once()
    peak = peak_memory(device) - before
    started = time.perf_counter()
    once()
    return 1000 * (time.perf_counter() - started), peak


def _once(way: str, n: int, n_components: int) -> Callable[[], object]:
    torch.manual_seed(0)
    prior = GaussianMixture(n_components, max(DIM, n_components - 1))  # K equidistant means
    z = prior.sample_components(n).requires_grad_()
    logits = torch.randn(n, n_components).requires_grad_()
    divergence = IMQMMD(on="joint" if way == "joint" else "marginal")

    def value() -> Tensor:
        if way == "plain":
            return plain_imq_mmd(z, logits.softmax(1), prior.sample_components(n))
        result: Tensor = divergence(MixturePosterior(logits, z, z, z), prior)
        return result

    return lambda: torch.autograd.grad(value(), (z, logits))


def draw_growth(frame: pd.DataFrame, path: Path) -> None:
    """Draw time and memory against both sizes, on logarithmic axes."""
    matplotlib.use("Agg")
    titles = {"points": f"data points n (K = {COMPONENTS})",
              "components": f"components K (n = {POINTS}, d = max({DIM}, K - 1))"}  # fmt: skip
    quantities = {"ms": "value and gradient (ms)", "peak_mb": "peak memory (MiB)"}
    with sns.axes_style("whitegrid"), sns.plotting_context("paper"):
        figure, axes = plt.subplots(2, 2, figsize=(7, 5), sharey="row", layout="constrained")
        for column, (sweep, title) in enumerate(titles.items()):
            for row, (key, name) in enumerate(quantities.items()):
                axis = axes[row, column]
                part = frame[frame["sweep"] == sweep].assign(**{key: lambda f, k=key: f[k].clip(1)})
                sns.lineplot(part, x=sweep, y=key, hue="way", style="way", markers=True,
                             palette="colorblind", ax=axis, legend=row == column == 0)  # fmt: skip
                sizes = sorted(part[sweep].unique())
                axis.set(xscale="log", yscale="log", xlabel=title, ylabel=name)
                axis.set_xticks(sizes, [str(size) for size in sizes], minor=False)
                axis.set_xticks([], minor=True)
        lines, names = axes[0, 0].get_legend_handles_labels()
        axes[0, 0].get_legend().remove()
        figure.legend(lines, names, loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=200)
    plt.close(figure)
