"""Running a model over many images, in eval mode, without touching the random state."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from otlvm.latents import MixturePosterior
from otlvm.networks import LatentMixtureModel
from otlvm.seeding import seeded

BATCH = 500
SEED = 0


@contextmanager
def evaluation_mode(model: LatentMixtureModel) -> Iterator[None]:
    """Eval mode, no gradients and a random state of its own.

    Evaluating more or less often must not change how a model trains, and evaluating twice must
    give the same numbers. Every part is left in the mode that it was in.
    """
    modes = [(part, part.training) for part in model.modules()]
    with seeded(SEED, next(model.parameters()).device), torch.no_grad():
        model.eval()
        try:
            yield
        finally:
            for part, training in modes:
                part.training = training


def encode_batches(
    model: LatentMixtureModel, x: Tensor
) -> Iterator[tuple[Tensor, MixturePosterior]]:
    """Yield images and their posterior, batch by batch; use inside `evaluation_mode`."""
    for batch in torch.split(model.images(x), BATCH):
        yield batch, model.encode(batch)


def component_probabilities(model: LatentMixtureModel, x: Tensor) -> Tensor:
    """q(k|x) of images ``[n, D]``, with shape ``[n, K]``; use inside `evaluation_mode`."""
    return torch.cat([posterior.pi for _, posterior in encode_batches(model, x)])
