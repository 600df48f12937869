"""Training objectives. To add one, write an `Objective` in a file of its own, import it here."""

from otlvm.likelihoods import bernoulli_cross_entropy
from otlvm.objectives.base import Losses, Objective, objectives
from otlvm.objectives.invariant import Invariant, shared_information
from otlvm.objectives.monte_carlo import MonteCarlo
from otlvm.objectives.vae import VAE
from otlvm.objectives.wae import WAE

__all__ = [
    "VAE",
    "WAE",
    "Invariant",
    "Losses",
    "MonteCarlo",
    "Objective",
    "bernoulli_cross_entropy",
    "objectives",
    "shared_information",
]
