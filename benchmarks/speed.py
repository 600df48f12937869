"""``python -m benchmarks.speed``: our speed against peers, side by side in one process."""

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ot
import pandas as pd
import torch
from geomloss import SamplesLoss
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.peers import plain_imq_mmd, plain_wae_loss, pythae_kernel, pythae_mmd
from otlvm.divergences import Divergence, SlicedWasserstein, divergences
from otlvm.latents import MixturePosterior
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.priors import GaussianMixture

POINTS, COMPONENTS, DIM, WEIGHT = 128, 10, 10, 500.0
Call = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """Two ways to do the same thing.

    Attributes:
        what: What is done.
        ours: How we do it.
        peer: Whom it is measured against.
        calls: Ours and the peer's.
        target: The ratio that the project aims at, if it states one.
    """

    what: str
    ours: str
    peer: str
    calls: tuple[Call, Call]
    target: float | None = None


def interleaved_medians(calls: tuple[Call, Call], repetitions: int) -> tuple[float, float]:
    """Median seconds of each call, taken in turn, so that a slow moment meets both."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for call in calls:
        call()
    for _ in range(repetitions):
        for call, found in zip(calls, seconds, strict=True):
            started = time.perf_counter()
            call()
            found.append(time.perf_counter() - started)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def measure(cases: list[Case], repetitions: int, console: Console) -> pd.DataFrame:
    """Time all cases.

    Returns:
        One row a case: ``what``, ``ours``, ``peer``, ``ours_ms``, ``peer_ms``, ``ratio`` (peer by
        ours: above 1 we are faster), ``target``, ``threads``.
    """
    rows = []
    for case in cases:
        with console.status(f"{case.what}: {case.peer}"):
            ours, peer = interleaved_medians(case.calls, repetitions)
        rows.append(
            {
                "what": case.what,
                "ours": case.ours,
                "peer": case.peer,
                "ours_ms": 1000 * ours,
                "peer_ms": 1000 * peer,
                "ratio": peer / ours,
                "target": case.target,
                "threads": torch.get_num_threads(),
            }
        )
    return pd.DataFrame(rows)


class _Codes:
    """A batch of codes, its weights and samples of the prior, ready to be differentiated."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.prior = GaussianMixture(COMPONENTS, DIM)
        self.z = (self.prior.sample_components(POINTS) + 0.3).requires_grad_()
        self.logits = torch.randn(POINTS, COMPONENTS).requires_grad_()
        self.y = self.prior.sample_components(POINTS)
        self.few = self.prior.sample_components(-(-POINTS // COMPONENTS)).flatten(0, 1)
        self.few_weights = torch.full((len(self.few),), 1 / len(self.few))

    def posterior(self) -> MixturePosterior:
        return MixturePosterior(self.logits, self.z, torch.ones_like(self.z), self.z)

    def gradient(self, value: Callable[[], Tensor]) -> Call:
        return lambda: torch.autograd.grad(value(), (self.z, self.logits))

    def ours(self, spec: dict[str, object]) -> Call:
        divergence: Divergence = divergences.build(spec)
        return self.gradient(lambda: divergence(self.posterior(), self.prior))


def divergence_cases() -> list[Case]:
    """Value and gradient of a divergence of one batch."""
    codes = _Codes()
    plain = codes.gradient(lambda: plain_imq_mmd(codes.z, codes.logits.softmax(1), codes.y))
    what = "IMQ-MMD and gradient"
    marginal, joint = (
        codes.ours({"name": "imq_mmd"}),
        codes.ours({"name": "imq_mmd", "on": "joint"}),
    )
    cases = [
        Case(what, "imq_mmd", "paper's algorithm, plainly", (marginal, plain), 8.0),
        Case(what, "imq_mmd, joint", "paper's algorithm, plainly", (joint, plain)),
    ]
    try:
        kernel = pythae_kernel(DIM)
    except ImportError:  # the peers extra is not installed
        kernel = None
    if kernel is not None:
        matrix = kernel

        def pythae() -> Tensor:
            x, a = codes.posterior().cloud()
            return pythae_mmd(matrix, x, a, codes.y.flatten(0, 1))

        cases.append(
            Case(what, "imq_mmd", "pythae's imq_kernel", (marginal, codes.gradient(pythae)), 50.0)
        )
    bandwidth = 4.0
    gaussian = SamplesLoss("gaussian", blur=bandwidth, backend="tensorized")

    def geomloss_kernel() -> Tensor:
        x, a = codes.posterior().cloud()
        y = codes.y.flatten(0, 1)
        value: Tensor = gaussian(a, x, torch.full_like(y[:, 0], 1 / len(y)), y)
        return 2 * value

    rbf = codes.ours({"name": "rbf_mmd", "bandwidths": [bandwidth]})
    calls = (rbf, codes.gradient(geomloss_kernel))
    cases.append(Case("RBF-MMD and gradient", "rbf_mmd", "geomloss's Gaussian kernel", calls, 2.0))
    return cases + _wrapper_cases(codes)


def _wrapper_cases(codes: _Codes) -> list[Case]:
    """Our wrappers against the wrapped, on the same clouds: a ratio of 1 is no overhead."""
    sinkhorn = SamplesLoss("sinkhorn", p=2, blur=0.1, scaling=0.5, backend="tensorized")
    b = codes.few_weights

    def direct_sinkhorn() -> Tensor:
        x, a = codes.posterior().cloud()
        value: Tensor = sinkhorn(a, x, b, codes.few)
        return value

    def direct_exact() -> Tensor:
        x, a = codes.posterior().cloud()
        value: Tensor = ot.emd2(a, b, ot.dist(x, codes.few))
        return value

    def direct_sliced() -> Tensor:
        x, a = codes.posterior().cloud()
        count = SlicedWasserstein().projections
        value: Tensor = ot.sliced_wasserstein_distance(x, codes.few, a, b, n_projections=count)
        return value.square()

    peers = (("sinkhorn", "geomloss", direct_sinkhorn), ("exact_ot", "POT", direct_exact),
             ("sliced_wasserstein", "POT", direct_sliced))  # fmt: skip
    return [
        Case(f"{name} and gradient", name, f"{peer} called directly",
             (codes.ours({"name": name}), codes.gradient(direct)), 0.9)
        for name, peer, direct in peers
    ]  # fmt: skip


def step_cases() -> list[Case]:
    """Whole training steps of a GM-WAE: losses, gradients, Adam."""
    x = torch.rand(POINTS, 784)
    imq = {"name": "imq_mmd"}

    def step(loss_of: Callable[[LatentMixtureModel], Tensor], fused: bool) -> Call:
        torch.manual_seed(0)
        model = LatentMixtureModel((1, 28, 28), "mlp", "gaussian_mixture")
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-4, fused=fused)

        def call() -> None:
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss_of(model))
            optimizer.step()

        return call

    def ours(**options: object) -> Call:
        objective = objectives.build({"name": "wae", "divergence": imq, **options})

        def loss(model: LatentMixtureModel) -> Tensor:
            total: Tensor = objective(model, x).total
            return total

        return step(loss, fused=True)

    plain = step(lambda model: plain_wae_loss(model, x, WEIGHT), fused=False)
    what, peer = "GM-WAE step (mlp)", "paper's algorithm, plainly"
    joint = ours(divergence={**imq, "on": "joint"}, expectation="sum_and_sample")
    return [
        Case(what, "exact", peer, (ours(), plain), 3.0),
        Case(what, "sum_and_sample", peer, (ours(expectation="sum_and_sample"), plain), 6.0),
        Case(what, "sum_and_sample, joint MMD", peer, (joint, plain)),
    ]


def print_ratios(frame: pd.DataFrame, console: Console) -> None:
    """Print the table of ratios."""
    title = f"medians of interleaved repetitions, {frame['threads'].iloc[0]} threads"
    table = Table(title=title, title_justify="left")
    for heading in ("what", "ours", "against", "ours ms", "theirs ms", "ratio", "target"):
        table.add_column(
            heading, justify="left" if heading in ("what", "ours", "against") else "right"
        )
    for row in frame.to_dict("records"):
        target = "" if pd.isna(row["target"]) else f"{row['target']:g}x"
        numbers = [f"{row[key]:.1f}" for key in ("ours_ms", "peer_ms")]
        table.add_row(
            row["what"], row["ours"], row["peer"], *numbers, f"{row['ratio']:.2f}x", target
        )
    console.print(table)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 repetitions instead of 9")
    parser.add_argument("--threads", type=int, help="torch's threads (default: all cores)")
    parser.add_argument("--out", type=Path, default=Path("results/speed"), metavar="DIR")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    console = Console()
    frame = measure(divergence_cases() + step_cases(), 3 if options.quick else 9, console)
    print_ratios(frame, console)
    if not frame["peer"].str.contains("pythae").any():
        console.print(
            "pythae is not installed: left out (pip install 'otlvm[peers]')", markup=False
        )
    options.out.mkdir(parents=True, exist_ok=True)
    frame.to_csv(options.out / "ratios.csv", index=False, float_format="%.4g")
    console.print(f"written to {options.out / 'ratios.csv'}", markup=False, highlight=False)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
