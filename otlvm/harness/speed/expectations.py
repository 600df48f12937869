"""What each expectation over k costs, and its noise: ``otlvm expectations``."""

import time

import pandas as pd
import torch
from torch import Tensor

from otlvm.data import mnist_5k
from otlvm.divergences import divergences
from otlvm.expectations import Expectation, Gumbel, SumAndSample, expectations
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import WAE
from otlvm.training import fit, pretrain_moments

BATCH, STEPS, DRAWS, REPETITIONS = 128, 100, 50, 15


def candidates() -> dict[str, Expectation]:
    """The expectations that are compared."""
    return {
        "exact": expectations.build("exact"),
        "sum_and_sample, likely 1": SumAndSample(1),
        "sum_and_sample, likely 2": SumAndSample(2),
        "sum_and_sample, likely 4": SumAndSample(4),
        "gumbel, hard": Gumbel(),
        "gumbel, relaxed": Gumbel(hard=False),
    }


def reconstruction_gradient(
    model: LatentMixtureModel, expectation: Expectation, x: Tensor, seed: int
) -> Tensor:
    """Gradient of the reconstruction term with respect to all parameters, flat.

    The noise of z is the same at every call; only the expectation draws by ``seed``.
    """
    torch.manual_seed(0)
    posterior = model.encode(x)
    torch.manual_seed(seed)
    codes, weights = expectation(posterior)
    errors = (model.decode(codes) - x.unsqueeze(1)).square().sum(-1)
    loss = (weights * errors).sum(1).mean()
    grads = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
    return torch.cat([g.flatten() for g in grads if g is not None])


def step_milliseconds(model: LatentMixtureModel, objective: WAE, x: Tensor) -> float:
    """Median time of the losses and their gradient."""
    seconds = []
    for _ in range(REPETITIONS):
        started = time.perf_counter()
        torch.autograd.backward(objective(model, x).total)
        seconds.append(time.perf_counter() - started)
    return 1000 * float(pd.Series(seconds).median())


def compare() -> pd.DataFrame:
    """Measure all candidates on one model, early in its training.

    Returns:
        ``step_ms``; ``variance``, the summed variance of the gradient over the squared norm of the
        exact one; ``bias``, the norm of the mean gradient's error over that of the exact one.
    """
    data = mnist_5k()
    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": 10, "dim": 10}
    network = {"name": "mlp", "hidden": [256, 256]}
    model = LatentMixtureModel(data.image_shape, network, prior)
    pretrain_moments(model, data.x_train, steps=500)
    joint = {"name": "imq_mmd", "on": "joint"}
    fit(model, WAE(divergences.build(joint)), data.x_train, steps=STEPS)
    model.train()
    x = data.x_train[:BATCH]
    rows = {}
    exact = torch.empty(0)
    for name, expectation in candidates().items():
        objective = WAE(divergences.build(joint), expectation=expectation)
        draws = torch.stack(
            [
                reconstruction_gradient(model, expectation, x, seed)
                for seed in range(1 if name == "exact" else DRAWS)
            ]
        )
        exact = draws[0] if name == "exact" else exact
        scale = exact.square().sum()
        rows[name] = {
            "step_ms": step_milliseconds(model, objective, x),
            "variance": 0.0 if len(draws) == 1 else float(draws.var(0).sum() / scale),
            "bias": float((draws.mean(0) - exact).norm() / scale.sqrt()),
        }
    return pd.DataFrame(rows).T
