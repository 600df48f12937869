"""The continuous Bernoulli likelihood: a density on [0, 1]."""

from collections.abc import Sequence

import torch
from torch import Tensor

from otlvm.likelihoods.base import Likelihood, likelihoods, refuse_outside

NEAR = 0.4
"""Below it series are exact to rounding, above it the formulas are (at 0 both lose all digits)."""
FAR = 40.0
"""Logits beyond which e^-l is nothing beside 1."""
LOG_SINHC = (1 / 6, -1 / 180, 1 / 2835, -1 / 37800, 1 / 467775, -691 / 3831077250, 2 / 127702575,
             -3617 / 2605132530000)  # fmt: skip
"""log(sinh(t) / t) is t^2 times this series in t^2."""
LANGEVIN = tuple(2 * (place + 1) * each for place, each in enumerate(LOG_SINHC))
"""Its derivative is t times this one."""


@likelihoods.register("continuous_bernoulli")
class ContinuousBernoulli(Likelihood):
    r"""A density on [0, 1], for grey values: the Bernoulli's formula, normalised.

    .. math:: p(x|z) = \prod_j C(m_j) \, m_j^{x_j} (1 - m_j)^{1 - x_j}, \quad
        m = \operatorname{sigmoid}(g(z)), \quad C(m) = \frac{2 \tanh^{-1}(1 - 2m)}{1 - 2m}

    Its mean is not m, and lies nearer to 1/2. Densities may exceed 1, so that its nll may be
    negative. Source: Loaiza-Ganem and Cunningham, *The continuous Bernoulli: fixing a pervasive
    error in variational autoencoders* (2019).
    """

    def mean(self, logits: Tensor) -> Tensor:
        r"""Return :math:`1 / (1 - e^{-l}) - 1 / l` of logits l; see `Likelihood.mean`."""
        half = logits / 2
        return (1 + _langevin(half)) / 2

    def nll(self, logits: Tensor, x: Tensor) -> Tensor:
        r"""Return :math:`\log((e^l - 1) / l) - x l`; see `Likelihood.nll`."""
        half = logits / 2
        return (half + _log_sinhc(half) - x * logits).sum(-1)

    def bernoulli_logits(self, logits: Tensor) -> Tensor:
        """Return the logits of the mean; see `Likelihood.bernoulli_logits`."""
        near = logits.clamp(-FAR, FAR)
        mean, rest = self.mean(near), self.mean(-near)  # rest: 1 - mean
        # Beyond FAR it is 1 / |l| to rounding, of which a difference from 1 would keep few digits.
        formula = logits.sign() * torch.log(logits.abs().clamp(min=FAR) - 1)
        return torch.where(logits.abs() > FAR, formula, mean.log() - rest.log())

    def check_range(self, low: float, high: float) -> None:
        """Refuse data outside [0, 1]; see `Likelihood.check_range`."""
        refuse_outside("continuous_bernoulli", low, high)


def _log_sinhc(t: Tensor) -> Tensor:
    """Compute log(sinh(t) / t)."""
    square = t.clamp(-NEAR, NEAR).square()
    far = torch.where(t.abs() < NEAR, NEAR, t.abs())  # clamp halves the gradient at NEAR
    formula = far + torch.log1p(-torch.exp(-2 * far)) - torch.log(2 * far)
    return torch.where(t.abs() < NEAR, square * _series(LOG_SINHC, square), formula)


def _langevin(t: Tensor) -> Tensor:
    """Compute coth(t) - 1 / t, the derivative of log(sinh(t) / t)."""
    near = t.clamp(-NEAR, NEAR)
    far = torch.where(t.abs() < NEAR, NEAR, t)
    return torch.where(
        t.abs() < NEAR, near * _series(LANGEVIN, near.square()), 1 / torch.tanh(far) - 1 / far
    )


def _series(coefficients: Sequence[float], t: Tensor) -> Tensor:
    """Sum c_0 + c_1 t + c_2 t^2 + ..., by Horner's rule."""
    total = torch.zeros_like(t)
    for coefficient in reversed(coefficients):
        total = total * t + coefficient
    return total
