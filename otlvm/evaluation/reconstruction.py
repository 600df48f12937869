"""How well a model reconstructs."""

import torch
from torch import Tensor

from otlvm.evaluation.posterior import encode_batches
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import bernoulli_cross_entropy


def reconstruction_errors(model: LatentMixtureModel, x: Tensor) -> dict[str, float]:
    """Expected errors under q(z, k | x), exact over k, one sample of each z; means over images.

    Source: Gaujac, Feige and Barber (2021), Sec. 3.2.2: a deterministic decoder's outputs are
    taken for Bernoulli means. Use inside `evaluation_mode`.

    Args:
        model: The model.
        x: Images, with shape ``[n, D]``.

    Returns:
        ``bce``, nats per image, and ``squared_error``, summed over pixels.
    """
    x = model.images(x)
    bce = x.new_zeros((), dtype=torch.float64)
    squared = torch.zeros_like(bce)
    for batch, posterior in encode_batches(model, x):
        logits, weights = model.decode_logits(posterior.codes), posterior.code_weights
        target = batch.unsqueeze(1)
        bce += (weights * bernoulli_cross_entropy(logits, target)).sum()
        errors = (torch.sigmoid(logits) - target).square().sum(-1)
        squared += (weights * errors).sum()
    return {"bce": float(bce) / len(x), "squared_error": float(squared) / len(x)}
