"""Clusterings without a latent-variable model. To add one, write a `Baseline`, import it here."""

from otlvm.baselines.agglomerative import Agglomerative
from otlvm.baselines.base import Baseline, baselines
from otlvm.baselines.dec import DEC, IDEC
from otlvm.baselines.gmm import GMM
from otlvm.baselines.kmeans import KMeans
from otlvm.baselines.neighbours import Transductive
from otlvm.baselines.spectral import Spectral

__all__ = [
    "DEC",
    "GMM",
    "IDEC",
    "Agglomerative",
    "Baseline",
    "KMeans",
    "Spectral",
    "Transductive",
    "baselines",
]
