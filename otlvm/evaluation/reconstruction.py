"""How well a model reconstructs."""

import torch
from torch import Tensor

from otlvm.evaluation.posterior import encode_batches
from otlvm.likelihoods import Likelihood, bernoulli_cross_entropy
from otlvm.networks import LatentMixtureModel


def reconstruction_errors(model: LatentMixtureModel, x: Tensor) -> dict[str, float]:
    """Expected errors under q(z, k | x), exact over k, one sample of each z; means over images.

    Source: Gaujac, Feige and Barber (2021), Sec. 3.2.2: a deterministic decoder's outputs are
    taken for means of the likelihood. Use inside `evaluation_mode`.

    Args:
        model: The model.
        x: Data, with shape ``[n, D]``.

    Returns:
        ``nll``, -log p(x|z) of the model's likelihood, nats per image; ``bce``, the binary
        cross-entropy of its means, where they lie in [0, 1] whatever z is; and ``squared_error``
        of its means, summed over pixels.
    """
    x = model.images(x)
    sums: dict[str, Tensor] = {}
    for batch, posterior in encode_batches(model, x):
        logits = model.decode_logits(posterior.codes)
        for name, errors in _errors(model.likelihood, logits, batch.unsqueeze(1)).items():
            total = (posterior.code_weights * errors).sum()
            sums[name] = sums.get(name, x.new_zeros((), dtype=torch.float64)) + total
    return {name: float(total) / len(x) for name, total in sums.items()}


def _errors(likelihood: Likelihood, logits: Tensor, x: Tensor) -> dict[str, Tensor]:
    """Return the errors of each decoded code, by name."""
    errors = {"nll": likelihood.nll(logits, x)}
    of_mean = likelihood.bernoulli_logits(logits)
    if of_mean is not None:
        errors["bce"] = bernoulli_cross_entropy(of_mean, x)
    errors["squared_error"] = (likelihood.mean(logits) - x).square().sum(-1)
    return errors
