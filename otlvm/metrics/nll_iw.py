"""How likely held-out images are, by importance sampling."""

import math
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor

from otlvm.data import Dataset
from otlvm.latents import MixturePosterior
from otlvm.metrics.base import Metric, metrics, numbers_of
from otlvm.networks import LatentMixtureModel
from otlvm.numbers import Number
from otlvm.priors import Prior

CODES = 2000
"""How many codes are decoded at a time."""


@metrics.register("nll_iw")
class ImportanceWeightedNLL(Metric):
    r"""The negative log-likelihood of held-out images, in nats per image.

    .. math:: -\log \frac{1}{S} \sum_{s} \frac{p(x | z_s) \, p(z_s)}{q(z_s | x)}, \quad
        z_s \sim q(z | x) = \sum_k q(k | x) \, q(z | k, x)

    On average an upper bound, the tighter the more samples, and tighter than the negative ELBO.
    p(x|z) is the model's likelihood, which a WAE trains by only where its ``cost`` is
    ``likelihood``. The prior needs a density. Source: Burda, Grosse and Salakhutdinov,
    *Importance weighted autoencoders* (2016).

    Args:
        samples: S, how many codes of each image.

    Raises:
        ValueError: If there are none.
    """

    numbers: ClassVar[tuple[Number, ...]] = numbers_of("nll_iw")

    def __init__(self, samples: int = 100) -> None:
        if samples < 1:
            raise ValueError("samples must be positive")
        self.samples = samples

    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Measure a model on all held-out images; see `Metric.compute`."""
        if not model.prior.has_density:
            raise ValueError(f"the prior {type(model.prior).__name__} has no density")
        if model.code_dim != model.prior.dim:
            raise ValueError("p(x|z) is needed, and this decoder is told k too")
        total = 0.0
        for x in torch.split(data.x_test, max(1, CODES // self.samples)):

            def log_likelihood(z: Tensor, x: Tensor = x) -> Tensor:
                return -model.likelihood.nll(model.decode_logits(z), x.unsqueeze(1))

            posterior = model.encode(x)
            nll = importance_weighted_nll(log_likelihood, posterior, model.prior, self.samples)
            total += float(nll.sum())
        return {"nll_iw": total / len(data.x_test)}


def importance_weighted_nll(
    log_likelihood: Callable[[Tensor], Tensor],
    posterior: MixturePosterior,
    prior: Prior,
    samples: int,
) -> Tensor:
    """Estimate -log p(x) of each image, in float64.

    Args:
        log_likelihood: From codes ``[n, S, d]`` to log p(x|z), ``[n, S]``.
        posterior: q(z, k | x) of n images, from which codes are drawn.
        prior: p(z).
        samples: S.

    Returns:
        A tensor with shape ``[n]``.
    """
    k = torch.multinomial(posterior.pi, samples, replacement=True)
    rows = torch.arange(len(k), device=k.device)[:, None]
    mean, std = posterior.mean[rows, k], posterior.std[rows, k]
    z = torch.addcmul(mean, std, torch.randn_like(mean))
    means, stds = posterior.mean.unsqueeze(1).double(), posterior.std.unsqueeze(1).double()
    squares = ((z.unsqueeze(2).double() - means) / stds).square() + math.log(2 * math.pi)
    log_q = posterior.log_pi.double().unsqueeze(1) - (squares / 2 + stds.log()).sum(-1)
    log_p = log_likelihood(z).double() + prior.log_prob(z).double()
    log_weights: Tensor = log_p - log_q.logsumexp(-1)
    return math.log(samples) - log_weights.logsumexp(1)
