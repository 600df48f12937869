"""Divergences D(q(z) || p(z)). To add one, write a `SampleDivergence` and import it here."""

from otlvm.divergences.base import Divergence, SampleDivergence, divergences
from otlvm.divergences.imq_mmd import IMQMMD, PAPER_SCALES
from otlvm.divergences.mmd import KernelMMD
from otlvm.divergences.rbf_mmd import RBFMMD
from otlvm.divergences.sinkhorn import Sinkhorn

__all__ = [
    "IMQMMD",
    "PAPER_SCALES",
    "RBFMMD",
    "Divergence",
    "KernelMMD",
    "SampleDivergence",
    "Sinkhorn",
    "divergences",
]
