"""The squared maximum mean discrepancy (MMD) of a weighted mixture posterior and a prior."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from otlvm.divergences.base import Divergence, On
from otlvm.divergences.by_mass import heavy
from otlvm.divergences.gaussian_kernels import (
    Embedding,
    GaussianKernels,
    prior_embedding,
    self_energy,
)
from otlvm.divergences.kernel_sum import kernel_self_sum, kernel_sum
from otlvm.divergences.queue import CodeQueue
from otlvm.divergences.tabulated import Profile
from otlvm.inputs import check_components, check_posterior
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianPrior, Prior

PriorBy = Literal["auto", "closed_form", "sampled"]
Statistic = Literal["u", "v", "cross"]


@dataclass(frozen=True)
class Kernel:
    """A radial kernel in two forms.

    Attributes:
        profile: The kernel and its derivative, as functions of the squared distance; a `Tabulated`
            one saves time where they take many operations.
        gaussians: The same kernel as a mixture of Gaussians, for the closed form.
    """

    profile: Profile
    gaussians: GaussianKernels


@dataclass(frozen=True)
class _Fitted:
    kernel: Kernel
    embedding: Embedding | None
    energy: Tensor | None
    n: int
    device: torch.device
    dtype: torch.dtype
    edits: tuple[int, ...]

    def suits(self, prior: Prior, n: int, like: Tensor) -> bool:
        here = (n, like.device, like.dtype, prior.edits())
        return (self.n, self.device, self.dtype, self.edits) == here


class KernelMMD(Divergence):
    r"""The squared MMD with a radial kernel k, between q(z) and p(z) or q(z, k) and p(z, k).

    .. math:: \sum_{ij} \sum_{kl} \frac{\pi_{ik} \pi_{jl}}{n (n - 1)} k(z_{ik}, z_{jl})
        - 2 \sum_{ik} \frac{\pi_{ik}}{n} E_{y \sim p} k(z_{ik}, y) + E_{y, y' \sim p} k(y, y')

    Sources: Gretton et al., *A kernel two-sample test* (2012), eq. 3; Gaujac, Feige and Barber
    (2021), eq. 13. The samples of one data point depend on each other, so the U-statistic leaves
    out all pairs of the same point (i = j): it is unbiased over independent data points, with mean
    0 and, being skewed, more often negative than positive when q = p. The V-statistic keeps them,
    over n^2: biased upwards and, with the prior in closed form, never negative.

    Batch norm in an encoder couples the points of a batch, and training finds that: in train mode
    the U-statistic can be driven below zero while held-out codes are far from the prior. The cross
    statistic has no pair within the batch: the first sum is over pairs of a code of this batch and
    one of ``queue`` earlier batches, which carry no gradient. Its gradient is that of the squared
    MMD whose codes those of the queue are; without earlier batches it is the U-statistic.

    The joint form multiplies the kernel by 1[k = l], so that component k has to match component k
    of the prior: the paper's eq. 12. The marginal form (the paper's eq. 16) leaves it free which
    component covers which part of the prior.

    On a CPU, pairs that weigh nothing are left out: value and gradient keep within a millionth of
    their scale (docs/divergences.md). The U-statistic's own exclusion of pairs is exact.

    A learned prior gets its gradient, in closed form or through samples. Bandwidths that depend on
    the prior follow it without a gradient.

    Args:
        on: Compare the marginals of z, or the joint of z and k.
        prior: The expectations over the prior in closed form, or by n samples of every component;
            ``"auto"`` is closed form where the prior is a Gaussian mixture.
        statistic: ``"u"``, ``"v"`` or ``"cross"``.
        queue: How many earlier batches the cross statistic compares with.

    Raises:
        ValueError: If ``queue`` is not positive.
    """

    def __init__(self, on: On, prior: PriorBy, statistic: Statistic, queue: int) -> None:
        super().__init__()
        if queue < 1:
            raise ValueError("queue must be positive")
        self.on = on
        self.prior = prior
        self.statistic = statistic
        self.queue = CodeQueue(queue) if statistic == "cross" else None
        self.warm_up = queue if statistic == "cross" else 0
        self._fitted: WeakKeyDictionary[Prior, _Fitted] = WeakKeyDictionary()

    @abstractmethod
    def kernel(self, prior: Prior, n: int) -> Kernel:
        """Return the kernel.

        Args:
            prior: The prior, on which its bandwidths may depend.
            n: Data points in the batch, on which they may depend too.
        """

    def check(self, prior: Prior) -> None:
        """Refuse a closed form without Gaussians; see `Divergence.check`."""
        if self.prior == "closed_form" and not isinstance(prior, GaussianPrior):
            name = type(prior).__name__
            raise TypeError(f"'closed_form' needs a GaussianPrior, not {name}; use 'sampled'")

    def update(self, posterior: MixturePosterior, prior: Prior) -> None:
        """Keep the batch's codes, if earlier ones are needed; see `Divergence.update`."""
        if self.queue is not None:
            self.queue.push(*self._seen(posterior))

    def forward(self, posterior: MixturePosterior, prior: Prior) -> Tensor:
        """Estimate the squared MMD, a scalar.

        Raises:
            ValueError: If a U-statistic is asked of a single data point.
            TypeError: If a closed form is asked of a prior that is no Gaussian mixture.
        """
        check_posterior(posterior, prior.dim)
        if self.on == "joint":
            check_components(posterior, prior.n_components)
        z, pi = self._seen(posterior)
        x, a = self._clouds(z, pi / len(pi))
        fitted = self._fit(prior, posterior.data_points, x)
        q_q = self._between_codes(fitted.kernel.profile, posterior, x, a)
        weights = prior.weights(x.dtype)
        if fitted.embedding is not None and fitted.energy is not None:
            # Joint: cloud k meets component k only; marginal: the one cloud meets all of them.
            x, a = heavy(x, a)
            q_p = (weights.unsqueeze(1) * a * fitted.embedding(x)).sum()
            return q_q + fitted.energy.to(x.dtype) - 2 * q_p
        n = len(posterior.pi)
        samples = prior.sample_components(n).to(x)
        y, b = self._clouds(samples, (weights / n).expand(n, -1))
        p_p = self._within(fitted.kernel.profile, y, b, n)
        return q_q + p_p - 2 * kernel_sum(fitted.kernel.profile, x, a, y, b)

    def _seen(self, posterior: MixturePosterior) -> tuple[Tensor, Tensor]:
        """The codes that it compares, ``[n, P, d]``, and their weights: a point once, if it can."""
        if self.on == "joint":
            return posterior.z, posterior.pi
        return posterior.points, posterior.point_weights

    def _clouds(self, z: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """One cloud of all points ``[1, n P, d]``, or one of each component ``[K, n, d]``."""
        if self.on == "joint":
            return z.transpose(0, 1), weights.T
        return z.reshape(1, -1, z.shape[2]), weights.reshape(1, -1)

    def _between_codes(
        self, profile: Profile, posterior: MixturePosterior, x: Tensor, a: Tensor
    ) -> Tensor:
        earlier = self.queue.earlier() if self.queue is not None else None
        if earlier is None:
            return self._within(profile, x, a, posterior.data_points)
        z, pi = (part.to(x) for part in earlier)
        value = kernel_sum(profile, x, a, *self._clouds(z, pi / len(pi)))
        return 2 * value - value.detach()  # both sides of a pair move, and one has no gradient

    def _within(self, profile: Profile, x: Tensor, a: Tensor, n: int) -> Tensor:
        if self.statistic == "v":
            return kernel_self_sum(profile, x, a, group=0)
        if n < 2:
            raise ValueError("the U-statistic needs at least 2 data points")
        group = x.shape[1] // n  # all codes of a data point
        return n / (n - 1) * kernel_self_sum(profile, x, a, group)

    def _fit(self, prior: Prior, n: int, like: Tensor) -> _Fitted:
        """Compute what depends on the prior alone: once, if prior and batch size stay."""
        if prior.learned():
            return self._fit_anew(prior, n, like)
        fitted = self._fitted.get(prior)
        if fitted is None or not fitted.suits(prior, n, like):
            with torch.no_grad():
                fitted = self._fitted[prior] = self._fit_anew(prior, n, like)
        return fitted

    def _fit_anew(self, prior: Prior, n: int, like: Tensor) -> _Fitted:
        with torch.no_grad():
            kernel = self.kernel(prior, n)
        if self.prior == "sampled" or not isinstance(prior, GaussianPrior):
            self.check(prior)
            return _Fitted(kernel, None, None, n, like.device, like.dtype, prior.edits())
        weights = prior.weights(torch.float64)
        energy = self_energy(kernel.gaussians, prior) * weights * weights.unsqueeze(1)
        total = energy.sum() if self.on == "marginal" else energy.trace()
        embedding = prior_embedding(kernel.gaussians, prior, like)
        return _Fitted(kernel, embedding, total, n, like.device, like.dtype, prior.edits())

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"on={self.on!r}, prior={self.prior!r}, statistic={self.statistic!r}"
