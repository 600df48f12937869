"""Weights of a divergence over training. To add one, write a `Weight` and import it here."""

from otlvm.weights.base import Fixed, Weight, weights
from otlvm.weights.constraint import Constraint
from otlvm.weights.linear import Linear

__all__ = ["Constraint", "Fixed", "Linear", "Weight", "weights"]
