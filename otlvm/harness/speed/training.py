"""Training: one step against the paper's algorithm, an epoch against pythae's trainer."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from otlvm.harness.speed.peers import plain_wae_loss, pythae_trainer
from otlvm.harness.speed.ratios import Call, Case
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.training import fit

BATCH, WEIGHT, LEARNING_RATE = 128, 500.0, 5e-4


def step_cases(compiled: bool) -> list[Case]:
    """Whole training steps of a GM-WAE: losses, gradients, Adam."""
    x = torch.rand(BATCH, 784)

    def step(loss_of: Callable[[LatentMixtureModel], Tensor], fused: bool) -> Call:
        torch.manual_seed(0)
        model = LatentMixtureModel((1, 28, 28), "mlp", "gaussian_mixture")
        optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=fused)

        def call() -> None:
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss_of(model))
            optimizer.step()

        return call

    def ours(expectation: str, on: str = "marginal", compiled: bool = False) -> Call:
        divergence = {"name": "imq_mmd", "on": on}
        spec = {"name": "wae", "divergence": divergence, "expectation": expectation}
        objective = objectives.build(spec)
        compute = torch.compile(objective) if compiled else objective
        return step(lambda model: compute(model, x).total, fused=True)

    plain = step(lambda model: plain_wae_loss(model, x, WEIGHT), fused=False)
    what, peer = "GM-WAE step (mlp)", "paper's algorithm, plainly"
    likely = ours("sum_and_sample")
    cases = [
        Case(what, "exact", peer, (ours("exact"), plain), 3.0),
        Case(what, "sum_and_sample", peer, (likely, plain), 6.0),
        Case(what, "sum_and_sample, joint MMD", peer, (ours("sum_and_sample", "joint"), plain)),
    ]
    if compiled:
        call = ours("sum_and_sample", compiled=True)
        cases.append(Case(what, "sum_and_sample, compiled", peer, (call, plain), 6.0))
    return cases


def throughput_cases(images: Tensor) -> list[Case]:
    """An epoch of the ordinary WAE, each trained by its own toolkit's training loop.

    Args:
        images: Training images, with shape ``[n, 784]``.
    """
    wide = [512, 512]
    specs: list[tuple[str, dict[str, object], float]] = [
        ("mlp", {"name": "mlp", "component_hidden": wide}, 2.0),
        ("convs", {"name": "paper_conv", "component_hidden": wide, "decoder_filters": 16}, 1.2),
    ]
    return [
        Case(
            f"epoch of a WAE ({name})",
            "fit",
            "pythae's trainer",
            (_our_epoch(network, images), _pythae_epoch(network, images)),
            target,
        )
        for name, network, target in specs
    ]


def _ordinary(network: dict[str, object]) -> LatentMixtureModel:
    torch.manual_seed(0)
    return LatentMixtureModel((1, 28, 28), network, {"name": "standard_normal", "dim": 10})


def _our_epoch(network: dict[str, object], images: Tensor) -> Call:
    model = _ordinary(network)
    objective = objectives.build({"name": "wae", "weight": WEIGHT, "divergence": "imq_mmd"})
    steps = len(images) // BATCH

    def call() -> None:
        fit(model, objective, images, steps=steps, batch_size=BATCH, log_every=steps)

    return call


def _pythae_epoch(network: dict[str, object], images: Tensor) -> Call:
    images = images[: len(images) // BATCH * BATCH]  # as many steps as ours
    folder = tempfile.mkdtemp()  # its trainer makes one at once, and writes its model there
    with _silence():
        trainer = pythae_trainer(_ordinary(network), images, BATCH, WEIGHT, folder)

    def call() -> None:
        with _silence():
            trainer.train_step(1)

    return call


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep a trainer's log and progress bars off the terminal."""
    logging.disable()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
    logging.disable(logging.NOTSET)
