"""Priors p(z, k). To add one, write a `Prior` in a file of its own and import it here."""

from otlvm.priors.base import GaussianPrior, Prior, priors
from otlvm.priors.gaussian_mixture import GaussianMixture, regular_simplex
from otlvm.priors.rotated_2d import Rotated2D
from otlvm.priors.standard_normal import StandardNormal

__all__ = [
    "GaussianMixture",
    "GaussianPrior",
    "Prior",
    "Rotated2D",
    "StandardNormal",
    "priors",
    "regular_simplex",
]
