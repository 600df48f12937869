"""A latent divergence, and one of the component alone beside it."""

from copy import deepcopy

import torch
from torch import Tensor

from otlvm.divergences.base import Divergence, divergences
from otlvm.divergences.imq_mmd import IMQMMD
from otlvm.divergences.queue import CodeQueue
from otlvm.inputs import check_components, check_posterior
from otlvm.latents import MixturePosterior
from otlvm.priors import Prior

CROSS = IMQMMD(statistic="cross")
SMALLEST = 1e-8
"""Of a component's share: where none of the images use it, its logarithm stays finite."""


@divergences.register("balanced")
class Balanced(Divergence):
    r"""A divergence of z plus the KL divergence of the aggregated k: components that are kept.

    .. math:: D(q(z) \| p(z)) + s \, \operatorname{KL}(q(k) \| p(k)), \qquad
        q(k) = E_x q(k | x)

    A marginal divergence does not ask which component covers what, nor whether a component is used
    at all, and a small weight loses them early. The joint form asks both, and leaves the encoder no
    freedom. This asks the second alone. Source: the combination is ours; the second term is the
    entropy of the mean assignment of Krause, Perona and Gomes, *Discriminative clustering by
    regularized information maximization* (2010).

    q(k) is the mean over this batch and ``queue`` earlier ones, which carry no gradient: a batch
    of 50 images has ten classes in unequal numbers, and is not pressed to hide it. The gradient is
    that of the KL divergence at this mean.

    Args:
        of: The divergence of z.
        share: s, in units of that divergence: the objective's weight multiplies both.
        queue: How many earlier batches q(k) is the mean of, besides this one.

    Raises:
        ValueError: If ``share`` is negative or ``queue`` not positive.
    """

    def __init__(self, of: Divergence = CROSS, share: float = 0.4, queue: int = 6) -> None:
        super().__init__()
        if share < 0:
            raise ValueError("share must not be negative")
        if queue < 1:
            raise ValueError("queue must be positive")
        self.of = deepcopy(of)  # the default is everybody's
        self.share = share
        self.queue = CodeQueue(queue)
        self.warm_up = max(of.warm_up, queue)

    def check(self, prior: Prior) -> None:
        """Ask the divergence of z; see `Divergence.check`."""
        self.of.check(prior)

    def update(self, posterior: MixturePosterior, prior: Prior) -> None:
        """Keep the batch's q(k|x), and let the divergence of z adapt; see `Divergence.update`."""
        self.queue.push(posterior.pi)
        self.of.update(posterior, prior)

    def terms(self) -> dict[str, Tensor]:
        """Those of the divergence of z; see `Divergence.terms`."""
        return self.of.terms()

    def forward(self, posterior: MixturePosterior, prior: Prior) -> Tensor:
        """Estimate both terms, a scalar."""
        check_posterior(posterior, prior.dim)
        check_components(posterior, prior.n_components)
        value: Tensor = self.of(posterior, prior)
        return value + self.share * self._kl(posterior.pi, prior)

    def _kl(self, pi: Tensor, prior: Prior) -> Tensor:
        mean, earlier = pi.mean(0), self.queue.earlier()
        if earlier is not None:
            at = torch.cat([pi.detach(), earlier[0].to(pi)]).mean(0)
            mean = at + mean - mean.detach()
        mean = mean.clamp_min(SMALLEST)
        return (mean * (mean.log() - prior.log_weights(pi.dtype))).sum()

    def extra_repr(self) -> str:
        """Show the share in ``repr``."""
        return f"share={self.share}"
