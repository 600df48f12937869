"""A step of training in bfloat16 against one in float32: networks, divergence, gradients, Adam."""

import torch

from otlvm.harness.speed.ratios import Call, Case
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.optimizers import Adam
from otlvm.training.precision import Precision, in_precision

BATCH, DECODER_FILTERS, TARGET = 50, 16, 1.6
EXPECTATIONS = ("exact", "sum_and_sample")


def precision_cases() -> list[Case]:
    """Steps of the paper's GM-WAE with its convolutions, the decoder as narrow as CPUs take it."""
    return [
        Case(
            "GM-WAE step (paper_conv)",
            f"bfloat16, {expectation}",
            f"float32, {expectation}",
            (_step("bfloat16", expectation), _step("float32", expectation)),
            TARGET,
        )
        for expectation in EXPECTATIONS
    ]


def _step(precision: Precision, expectation: str) -> Call:
    torch.manual_seed(0)
    x = torch.rand(BATCH, 784)
    network = {"name": "paper_conv", "decoder_filters": DECODER_FILTERS}
    model = LatentMixtureModel((1, 28, 28), network, "gaussian_mixture").train()
    trained = in_precision(model, precision)
    spec = {"name": "wae", "divergence": "imq_mmd", "expectation": expectation}
    objective = objectives.build(spec)
    optimizer = Adam().make([{"params": list(model.parameters()), "lr": 5e-4}])

    def call() -> None:
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(objective(trained, x).total)
        optimizer.step()

    return call
