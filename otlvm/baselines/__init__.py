"""Clusterings without a latent-variable model. To add one, write a `Baseline`, import it here."""

from otlvm.baselines.base import Baseline, baselines
from otlvm.baselines.gmm import GMM
from otlvm.baselines.kmeans import KMeans

__all__ = ["GMM", "Baseline", "KMeans", "baselines"]
