"""Kernels that are mixtures of Gaussians, integrated against Gaussian mixtures in closed form."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from otlvm.divergences.tabulated import Tabulated, evaluate
from otlvm.priors import GaussianPrior


@dataclass(frozen=True)
class GaussianKernels:
    r"""The kernel :math:`k(r) = \sum_s w_s \exp(-s r^2)`.

    Attributes:
        rates: The rates s.
        weights: The weights w.
    """

    rates: tuple[float, ...]
    weights: tuple[float, ...]

    def __call__(self, squared: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate it, and its derivative, as a function of the squared distance."""
        values, slopes = torch.zeros_like(squared), torch.zeros_like(squared)
        for rate, weight in zip(self.rates, self.weights, strict=True):
            term = torch.mul(squared, -rate).exp_()
            values.add_(term, alpha=weight)
            slopes.sub_(term, alpha=weight * rate)
        return values, slopes

    def blurred(self, variance: float, dim: int) -> "GaussianKernels":
        r"""Expect it over y of the distribution :math:`N(\mu, v I)`: again such a kernel.

        .. math:: E\, e^{-s |z - y|^2} = (1 + 2 s v)^{-d/2} e^{-s |z - \mu|^2 / (1 + 2 s v)}
        """
        stretch = [1 + 2 * rate * variance for rate in self.rates]
        return GaussianKernels(
            tuple(rate / by for rate, by in zip(self.rates, stretch, strict=True)),
            tuple(w * by ** (-dim / 2) for w, by in zip(self.weights, stretch, strict=True)),
        )


def imq_as_gaussians(
    scales: Sequence[float], largest_squared: float, tolerance: float = 1e-6
) -> GaussianKernels:
    r"""Write :math:`\sum_C C / (C + r^2)` as a mixture of Gaussians, for all scales at once.

    .. math:: \frac{C}{C + r^2} = \int_0^\infty C e^{-sC} e^{-s r^2} ds

    by the trapezoidal rule in log s. The integrand is analytic in a strip of half-width pi/2 and
    decays at both ends, so that rule converges like :math:`e^{-\pi^2 / h}` in its spacing h:
    faster than a Gauss-Legendre rule with as many nodes. Spacing and ends follow from the scales,
    the distances in use and the tolerance.

    Args:
        scales: The values of C.
        largest_squared: Largest squared distance at which the tolerance holds.
        tolerance: Relative error of the kernel.
    """
    step = math.pi**2 / math.log(10 / tolerance)
    low = math.log(tolerance**2 / (largest_squared + max(scales)))
    high = math.log(-math.log(tolerance) / min(scales))
    rates = [math.exp(low + step * i) for i in range(math.ceil((high - low) / step) + 1)]
    weights = [sum(c * math.exp(-s * c) for c in scales) * s * step for s in rates]
    nodes = list(zip(rates, weights, strict=True))
    flat = sum(s * largest_squared < _narrow(tolerance) for s in rates)
    return _mixture([_as_one(nodes[:flat]), *nodes[flat:]])


def line_as_gaussians(dim: int, largest_squared: float, tolerance: float = 1e-6) -> GaussianKernels:
    r"""Write a Gaussian of a projection, expected over all directions u, as a mixture of Gaussians.

    .. math:: E_u\, e^{-\langle u, z \rangle^2} = E_t\, e^{-t |z|^2}
        = {}_1F_1\bigl(\tfrac12; \tfrac d2; -|z|^2\bigr), \qquad
        t \sim \operatorname{Beta}\bigl(\tfrac12, \tfrac{d - 1}2\bigr)

    where t is the squared coordinate of a direction. By the trapezoidal rule in the logit of t: the
    integrand is analytic in a strip of half-width pi/2 and decays at both ends, as in
    `imq_as_gaussians`. It falls as slowly as 1 / |z|, and nodes reach as far down as that needs; a
    Gauss-Jacobi rule of N nodes would be gone at |z| = N.

    Args:
        dim: d.
        largest_squared: Largest squared distance at which the tolerance holds.
        tolerance: Relative error of the kernel.
    """
    if dim == 1:
        return GaussianKernels((1.0,), (1.0,))
    power = (dim - 1) / 2
    step = math.pi**2 / math.log(10 / tolerance)
    low, high = math.log(tolerance**2 / largest_squared), -math.log(tolerance) / power
    logits = [low + step * i for i in range(math.ceil((high - low) / step) + 1)]
    rates = [1 / (1 + math.exp(-x)) for x in logits]
    total = sum(t**0.5 * (1 - t) ** power for t in rates)
    nodes = [(t, t**0.5 * (1 - t) ** power / total) for t in rates]
    flat = sum(t * largest_squared < _narrow(tolerance) for t in rates)
    whole = sum(t < 1 - _narrow(tolerance) for t in rates)
    ends = [_as_one(end) for end in (nodes[:flat], nodes[whole:]) if end]
    return _mixture([*ends, *nodes[flat:whole]])


def _mixture(nodes: list[tuple[float, float]]) -> GaussianKernels:
    return GaussianKernels(tuple(rate for rate, _ in nodes), tuple(w for _, w in nodes))


def _as_one(nodes: list[tuple[float, float]]) -> tuple[float, float]:
    """One node of the same mass and mean, where exp(-s r^2) is straight in s over all of them.

    That is right up to the third power of their reach.
    """
    mass = sum(weight for _, weight in nodes)
    return sum(rate * weight for rate, weight in nodes) / mass, mass


def _narrow(tolerance: float) -> float:
    return math.pow(tolerance, 1 / 3)


class Embedding(ABC):
    r"""Expected kernel between points and a Gaussian mixture's components, :math:`E\, k(|z - y|)`.

    .. math:: E_{y \sim N(\mu, \Sigma)} e^{-s |z - y|^2} = \det(I + 2 s \Sigma)^{-1/2}
        \exp\bigl(-s\, (z - \mu)^T (I + 2 s \Sigma)^{-1} (z - \mu)\bigr)
    """

    @abstractmethod
    def __call__(self, z: Tensor) -> Tensor:
        """Embed points ``[c, n, d]``, or the same for all components ``[1, n, d]``; ``[c, n]``."""


class AboutCentres(Embedding):
    """The embedding of round Gaussians of one size: a function of the distance to their centres.

    Args:
        kernels: The kernel.
        means: Means, with shape ``[c, d]``.
        variance: Variance of each in every direction.
        like: Has the device and dtype of the points to come.
    """

    def __init__(
        self, kernels: GaussianKernels, means: Tensor, variance: float, like: Tensor
    ) -> None:
        blurred = kernels.blurred(variance, means.shape[1])
        self._means = means.to(like).unsqueeze(1)
        self._profile = Tabulated(blurred, 1e-4 / max(blurred.rates), 64 / min(blurred.rates))

    def __call__(self, z: Tensor) -> Tensor:
        """Embed points; see `Embedding`."""
        return evaluate(self._profile, (z - self._means).square().sum(2))


class AlongAxes(Embedding):
    """The embedding along the principal axes of each component: what is fixed is computed once.

    Args:
        kernels: The kernel.
        means: Means, with shape ``[c, d]``.
        variances: Variances along the axes, with shape ``[c, d]``.
        axes: The axes as columns, with shape ``[c, d, d]``; None are the coordinates' own.
        like: Has the device and dtype of the points to come.
    """

    def __init__(
        self,
        kernels: GaussianKernels,
        means: Tensor,
        variances: Tensor,
        axes: Tensor | None,
        like: Tensor,
    ) -> None:
        variances = variances.double()
        rates = variances.new_tensor(kernels.rates)
        stretch = 1 + 2 * variances.unsqueeze(2) * rates  # [c, d, s]
        amplitudes = variances.new_tensor(kernels.weights) * stretch.prod(1).rsqrt()
        self._means = means.to(like).unsqueeze(1)
        self._axes = None if axes is None else axes.to(like)
        self._rates = (-rates / stretch).to(like)
        self._amplitudes = amplitudes.to(like).unsqueeze(2)

    def __call__(self, z: Tensor) -> Tensor:
        """Embed points; see `Embedding`."""
        centred = z - self._means
        if self._axes is not None:
            centred = centred @ self._axes
        exponents = centred.square() @ self._rates  # [c, n, s]
        expectations: Tensor = (exponents.exp() @ self._amplitudes).squeeze(2)
        return expectations


class ByCholesky(Embedding):
    """The embedding for full covariances that carry a gradient, which their axes would lose.

    Equal eigenvalues have no axes of their own, and the gradient of `torch.linalg.eigh` is not
    finite there; a factor for each rate has one everywhere.

    Args:
        kernels: The kernel.
        means: Means, with shape ``[c, d]``.
        covariances: Covariances, with shape ``[c, d, d]``.
        like: Has the device and dtype of the points to come.
    """

    def __init__(
        self, kernels: GaussianKernels, means: Tensor, covariances: Tensor, like: Tensor
    ) -> None:
        full = covariances.double()
        rates = full.new_tensor(kernels.rates)
        identity = torch.eye(full.shape[-1], dtype=full.dtype, device=full.device)
        stretch = identity + 2 * rates[:, None, None] * full.unsqueeze(1)  # [c, s, d, d]
        factors = torch.linalg.cholesky(stretch)
        determinants = factors.diagonal(dim1=-2, dim2=-1).prod(-1)  # square roots of them
        self._means = means.to(like).unsqueeze(1)
        self._factors = factors.to(like)
        self._rates = rates.to(like)
        self._amplitudes = (full.new_tensor(kernels.weights) / determinants).to(like).unsqueeze(1)

    def __call__(self, z: Tensor) -> Tensor:
        """Embed points; see `Embedding`."""
        centred = (z - self._means).mT.unsqueeze(1)  # [c, 1, d, n]
        white = torch.linalg.solve_triangular(self._factors, centred, upper=False)
        exponents = -self._rates[:, None] * white.square().sum(2)  # [c, s, n]
        expectations: Tensor = (self._amplitudes @ exponents.exp()).squeeze(1)
        return expectations


def prior_embedding(kernels: GaussianKernels, prior: GaussianPrior, like: Tensor) -> Embedding:
    """Embed a prior, for points of the device and dtype of ``like``; one cloud a component."""
    return _embedding(kernels, *prior.moments(), prior, like)


def self_energy(kernels: GaussianKernels, prior: GaussianPrior) -> Tensor:
    r"""Expected kernel between draws of components, :math:`E\, k(|y - y'|)`, ``[K, K]``.

    In float64: the difference of two draws is Gaussian, and the origin is embedded in it.
    """
    means, covariances = (moment.double() for moment in prior.moments())
    offsets = (means[:, None] - means).flatten(0, 1)
    sums = (covariances[:, None] + covariances).flatten(0, 1)
    origin = torch.zeros_like(offsets[:1]).unsqueeze(1)
    energy = _embedding(kernels, offsets, sums, prior, like=origin)(origin)
    return energy.view(len(means), len(means))


def _embedding(
    kernels: GaussianKernels,
    means: Tensor,
    covariances: Tensor,
    prior: GaussianPrior,
    like: Tensor,
) -> Embedding:
    if prior.diagonal:
        variances = covariances.diagonal(dim1=-2, dim2=-1)
        if not prior.learned() and bool((variances == variances[0, 0]).all()):
            return AboutCentres(kernels, means, float(variances[0, 0]), like)
        return AlongAxes(kernels, means, variances, None, like)
    if prior.learned():
        return ByCholesky(kernels, means, covariances, like)
    variances, axes = torch.linalg.eigh(covariances.double())
    return AlongAxes(kernels, means, variances, axes, like)
