"""One training step against the paper's algorithm."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from otlvm.harness.speed.peers import as_torchs, plain_wae_loss
from otlvm.harness.speed.ratios import Call, Case
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives

BATCH, WEIGHT, LEARNING_RATE = 128, 500.0, 5e-4


def step_cases(compiled: bool) -> list[Case]:
    """Whole training steps of a GM-WAE: losses, gradients, Adam."""
    x = torch.rand(BATCH, 784)

    def step(
        loss_of: Callable[[LatentMixtureModel], Tensor],
        fused: bool,
        prepare: Callable[[nn.Module], object] = lambda network: network,
    ) -> Call:
        torch.manual_seed(0)
        model = LatentMixtureModel((1, 28, 28), "mlp", "gaussian_mixture")
        prepare(model.network)
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

    plain = step(lambda model: plain_wae_loss(model, x, WEIGHT), fused=False, prepare=as_torchs)
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
