"""Likelihoods. To add one, write a `Likelihood` in a file of its own and import it here."""

from otlvm.likelihoods.base import Likelihood, likelihoods
from otlvm.likelihoods.bernoulli import Bernoulli, bernoulli_cross_entropy
from otlvm.likelihoods.continuous_bernoulli import ContinuousBernoulli
from otlvm.likelihoods.gaussian import Gaussian

__all__ = [
    "Bernoulli",
    "ContinuousBernoulli",
    "Gaussian",
    "Likelihood",
    "bernoulli_cross_entropy",
    "likelihoods",
]
