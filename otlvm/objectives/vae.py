"""The evidence lower bound and its rescaling, beta-VAE."""

from typing import Any

import torch
from torch import Tensor

from otlvm.expectations import EXACT, Expectation
from otlvm.networks import LatentMixtureModel
from otlvm.objectives.base import Losses, Objective, objectives
from otlvm.priors import Prior


@objectives.register("vae")
class VAE(Objective):
    r"""The negative ELBO with a Bernoulli likelihood, its KL terms times beta.

    .. math:: E_{q(k|x)} E_{q(z|k,x)} [-\log p(x|z)] + \beta \bigl[ E_{q(k|x)}
        KL(q(z|k,x) \| p(z|k)) + KL(q(k|x) \| p(k)) \bigr]

    In nats per image. The KL term of k is exact; that of z is in closed form where the prior has
    one, as Gaussians do, otherwise an unbiased estimate by one sample of each component. Sources:
    Gaujac, Feige and Barber (2021), eq. 3; Higgins et al. (2017) for beta.

    Args:
        beta: Weight of the KL terms; 1 is the VAE.
        expectation: How the decoder's expectation over k is taken.

    Raises:
        ValueError: If ``beta`` is negative.
    """

    def __init__(self, beta: float = 1.0, expectation: Expectation = EXACT) -> None:
        super().__init__()
        if beta < 0:
            raise ValueError("beta must not be negative")
        self.beta = beta
        self.expectation = expectation

    def check(self, prior: Prior) -> None:
        """Refuse a prior without a density; see `Objective.check`."""
        if not prior.has_density:
            raise TypeError(
                f"the vae objective needs a prior with a density, which {type(prior).__name__} has "
                "not; 'wae' needs samples only"
            )

    def forward(self, model: LatentMixtureModel, x: Tensor) -> Losses:
        """Compute the losses of images ``x`` with shape ``[n, D]``.

        Raises:
            TypeError: If the model's prior has no density.
        """
        prior = model.prior
        self.check(prior)
        x = model.images(x)
        posterior = model.encode(x)
        pi = posterior.pi
        codes, weights = self.expectation(posterior)
        bce = bernoulli_cross_entropy(model.decode_logits(codes), x.unsqueeze(1))
        reconstruction = (weights * bce).sum(1).mean()
        kl_z = (pi * prior.kl(posterior.mean, posterior.std, posterior.z)).sum(1).mean()
        kl_k = (pi * (posterior.log_pi - prior.log_weights(pi.dtype))).sum(1).mean()
        regularizer = self.beta * (kl_z + kl_k)
        terms = {"kl_z": kl_z, "kl_k": kl_k}
        return Losses(reconstruction + regularizer, reconstruction, regularizer, terms)

    def extra_repr(self) -> str:
        """Show beta in ``repr``."""
        return f"beta={self.beta}"


def bernoulli_cross_entropy(logits: Tensor, x: Tensor) -> Tensor:
    """Negative Bernoulli log-likelihood in nats, summed over pixels.

    Args:
        logits: Logits of the means, with shape ``[..., D]``.
        x: Images in [0, 1], of a shape that broadcasts with it; gets no gradient.

    Returns:
        A tensor with shape ``[...]``.
    """
    return _BernoulliCrossEntropy.apply(logits, x)  # type: ignore[no-any-return]


class _BernoulliCrossEntropy(torch.autograd.Function):
    """Written out because log1p, inside softplus, costs a CPU more than the rest of the loss."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, x: Tensor) -> Tensor:
        ctx.save_for_backward(logits, x)
        # log(1 + e^l) = max(l, 0) - log sigmoid|l|, and that sigmoid is never below 1/2.
        log_sigmoid = logits.abs().sigmoid_().log_()
        return logits.clamp(min=0).sub_(log_sigmoid).sub_(x * logits).sum(-1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        logits, x = ctx.saved_tensors
        return torch.sigmoid(logits).sub_(x).mul_(grad.unsqueeze(-1)), None
