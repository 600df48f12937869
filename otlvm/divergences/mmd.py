"""The squared maximum mean discrepancy (MMD) of a weighted mixture posterior and a prior."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from otlvm.divergences.base import Divergence, On
from otlvm.divergences.gaussian_kernels import GaussianKernels, PriorEmbedding, self_energy
from otlvm.divergences.kernel_sum import Profile, kernel_self_sum, kernel_sum
from otlvm.inputs import check_components, check_posterior
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianPrior, Prior

PriorBy = Literal["auto", "closed_form", "sampled"]
Statistic = Literal["u", "v"]


@dataclass(frozen=True)
class Kernel:
    """A radial kernel in two forms.

    Attributes:
        profile: The kernel and its derivative, as functions of the squared distance.
        gaussians: The same kernel as a mixture of Gaussians, for the closed form.
    """

    profile: Profile
    gaussians: GaussianKernels


@dataclass(frozen=True)
class _Fitted:
    kernel: Kernel
    embedding: PriorEmbedding | None
    energy: float
    device: torch.device
    dtype: torch.dtype


class KernelMMD(Divergence):
    r"""The squared MMD with a radial kernel k, between q(z) and p(z) or q(z, k) and p(z, k).

    .. math:: \sum_{ij} \sum_{kl} \frac{\pi_{ik} \pi_{jl}}{n (n - 1)} k(z_{ik}, z_{jl})
        - 2 \sum_{ik} \frac{\pi_{ik}}{n} E_{y \sim p} k(z_{ik}, y) + E_{y, y' \sim p} k(y, y')

    Sources: Gretton et al., *A kernel two-sample test* (2012), eq. 3; Gaujac, Feige and Barber
    (2021), eq. 13. The K samples of one data point depend on each other, so the U-statistic leaves
    out all pairs of the same point (i = j): it is unbiased over independent data points, with mean
    0 and, being skewed, more often negative than positive when q = p. The V-statistic keeps them,
    over n^2: biased upwards and, with the prior in closed form, never negative. Batch norm in an
    encoder couples the points of a batch, and training finds that: in train mode the U-statistic
    can be driven below zero. Look at the eval-mode value.

    The joint form multiplies the kernel by 1[k = l], so that component k has to match component k
    of the prior: the paper's eq. 12. The marginal form (the paper's eq. 16) leaves it free which
    component covers which part of the prior.

    Args:
        on: Compare the marginals of z, or the joint of z and k.
        prior: The expectations over the prior in closed form, or by n samples of every component;
            ``"auto"`` is closed form where the prior is a Gaussian mixture.
        statistic: ``"u"`` or ``"v"``.
    """

    def __init__(self, on: On, prior: PriorBy, statistic: Statistic) -> None:
        super().__init__()
        self.on = on
        self.prior = prior
        self.statistic = statistic
        self._fitted: WeakKeyDictionary[Prior, _Fitted] = WeakKeyDictionary()

    @abstractmethod
    def kernel(self, prior: Prior) -> Kernel:
        """Return the kernel; its bandwidths may depend on the prior. Asked once a prior."""

    def forward(self, posterior: MixturePosterior, prior: Prior) -> Tensor:
        """Estimate the squared MMD, a scalar.

        Raises:
            ValueError: If a U-statistic is asked of a single data point.
            TypeError: If a closed form is asked of a prior that is no Gaussian mixture.
        """
        check_posterior(posterior, prior.dim)
        if self.on == "joint":
            check_components(posterior, prior.n_components)
        n, n_components, _ = posterior.z.shape
        if self.statistic == "u" and n < 2:
            raise ValueError("the U-statistic needs at least 2 data points")
        x, a = self._clouds(posterior.z, posterior.pi / n)
        fitted = self._fit(prior, x)
        q_q = self._within(fitted.kernel, x, a, n, n_components)
        if fitted.embedding is not None:
            # Joint: cloud k meets component k only; marginal: the one cloud meets all of them.
            q_p = (a * fitted.embedding(x)).sum() / prior.n_components
            return q_q + fitted.energy - 2 * q_p
        samples = prior.sample_components(n).to(x)
        y, b = self._clouds(
            samples, samples.new_full(samples.shape[:2], 1 / samples[..., 0].numel())
        )
        p_p = self._within(fitted.kernel, y, b, n, prior.n_components)
        return q_q + p_p - 2 * kernel_sum(fitted.kernel.profile, x, a, y, b)

    def _clouds(self, z: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """One cloud of all points ``[1, n K, d]``, or one of each component ``[K, n, d]``."""
        if self.on == "joint":
            return z.transpose(0, 1), weights.T
        return z.reshape(1, -1, z.shape[2]), weights.reshape(1, -1)

    def _within(self, kernel: Kernel, x: Tensor, a: Tensor, n: int, n_components: int) -> Tensor:
        if self.statistic == "v":
            return kernel_self_sum(kernel.profile, x, a, group=0)
        group = n_components if self.on == "marginal" else 1
        return n / (n - 1) * kernel_self_sum(kernel.profile, x, a, group)

    def _fit(self, prior: Prior, like: Tensor) -> _Fitted:
        """Compute what depends on the prior alone, once."""
        fitted = self._fitted.get(prior)
        if fitted is None or fitted.device != like.device or fitted.dtype != like.dtype:
            with torch.no_grad():
                fitted = self._fitted[prior] = self._fit_anew(prior, like)
        return fitted

    def _fit_anew(self, prior: Prior, like: Tensor) -> _Fitted:
        kernel = self.kernel(prior)
        if self.prior == "sampled" or not isinstance(prior, GaussianPrior):
            if self.prior == "closed_form":
                name = type(prior).__name__
                raise TypeError(f"'closed_form' needs a GaussianPrior, not {name}; use 'sampled'")
            return _Fitted(kernel, None, 0.0, like.device, like.dtype)
        energy = self_energy(kernel.gaussians, prior)
        total = energy.sum() if self.on == "marginal" else energy.trace()
        embedding = PriorEmbedding(kernel.gaussians, *prior.moments(), like)
        scaled = float(total) / prior.n_components**2
        return _Fitted(kernel, embedding, scaled, like.device, like.dtype)

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"on={self.on!r}, prior={self.prior!r}, statistic={self.statistic!r}"
