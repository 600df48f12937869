"""Samples of a model, and the images that they are compared with."""

import torch
from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation import spread_out
from otlvm.networks import LatentMixtureModel

SAMPLES = 2000
BATCH = 500


def held_out_and_training(data: Dataset) -> tuple[Tensor, Tensor]:
    """Return 2,000 held-out and as many training images, or as many as both parts have.

    Distances between finite samples depend on their sizes, so all are of one.
    """
    n = min(SAMPLES, len(data.x_test), len(data.x_train))
    return part(data.x_test, n), part(data.x_train, n)


def part(x: Tensor, n: int) -> Tensor:
    """Return ``n`` images that stand for all, or all if there are no more."""
    return x[spread_out(len(x), n).to(x.device)]


def sample(model: LatentMixtureModel, n: int) -> Tensor:
    """Draw ``n`` images of a model, with shape ``[n, D]``, some at a time."""
    sizes = [min(BATCH, n - start) for start in range(0, n, BATCH)]
    return torch.cat([model.sample(size) for size in sizes])
