"""Priors p(z, k). To add one, write a `Prior` in a file of its own and import it here."""

from otlvm.priors.base import Prior, priors
from otlvm.priors.gaussian import GaussianPrior, Learn
from otlvm.priors.gaussian_mixture import GaussianMixture, far_apart, regular_simplex
from otlvm.priors.mixture import Mixture
from otlvm.priors.rotated_2d import Rotated2D
from otlvm.priors.standard_normal import StandardNormal

__all__ = [
    "GaussianMixture",
    "GaussianPrior",
    "Learn",
    "Mixture",
    "Prior",
    "Rotated2D",
    "StandardNormal",
    "far_apart",
    "priors",
    "regular_simplex",
]
