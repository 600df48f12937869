"""Divergences D(q(z) || p(z)). To add one, write a `SampleDivergence` and import it here."""

from otlvm.divergences.adversarial import Adversarial
from otlvm.divergences.balanced import Balanced
from otlvm.divergences.base import Divergence, SampleDivergence, divergences
from otlvm.divergences.cramer_wold import CramerWold
from otlvm.divergences.energy import Energy
from otlvm.divergences.exact_ot import ExactOT
from otlvm.divergences.gmm_w2 import GMMW2
from otlvm.divergences.imq_mmd import IMQMMD, PAPER_SCALES
from otlvm.divergences.mmd import KernelMMD
from otlvm.divergences.rbf_mmd import RBFMMD
from otlvm.divergences.separate import Separate
from otlvm.divergences.sinkhorn import Sinkhorn
from otlvm.divergences.sliced_wasserstein import MaxSliced, SlicedWasserstein

__all__ = [
    "GMMW2",
    "IMQMMD",
    "PAPER_SCALES",
    "RBFMMD",
    "Adversarial",
    "Balanced",
    "CramerWold",
    "Divergence",
    "Energy",
    "ExactOT",
    "KernelMMD",
    "MaxSliced",
    "SampleDivergence",
    "Separate",
    "Sinkhorn",
    "SlicedWasserstein",
    "divergences",
]
