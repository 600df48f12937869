"""What q(z, k | x) is made of. To add a kind, write an `Inference` and import it here."""

from otlvm.inference.base import Inference, MakeNetwork, inferences
from otlvm.inference.independent import Independent
from otlvm.inference.m2 import M2
from otlvm.inference.mirror import Mirror
from otlvm.inference.one_gaussian import OneGaussian
from otlvm.inference.responsibilities import Responsibilities

__all__ = [
    "M2",
    "Independent",
    "Inference",
    "MakeNetwork",
    "Mirror",
    "OneGaussian",
    "Responsibilities",
    "inferences",
]
