"""Clusterings without a latent-variable model, scored by the same code."""

from abc import ABC, abstractmethod

import sklearn.cluster
import sklearn.mixture
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from otlvm.data import Dataset
from otlvm.evaluation.features import Features, Pixels
from otlvm.registry import Registry

PIXELS = Pixels()


class Baseline(ABC):
    """A clustering: fitted to training images, applied to held-out ones."""

    @abstractmethod
    def assign(self, data: Dataset) -> tuple[Tensor, Tensor]:
        """Return assignments of the training and held-out images, ``[n, K]`` and ``[m, K]``."""


baselines: Registry[Baseline] = Registry("baseline", Baseline, ("n_components", "seed"))


@baselines.register("kmeans")
class KMeans(Baseline):
    """K-means, by scikit-learn.

    Args:
        n_components: K.
        seed: Seed of the starts.
        n_init: Starts, of which the best by inertia is kept.
        features: What is clustered; pixels by default.
    """

    def __init__(
        self, n_components: int, seed: int, n_init: int = 10, features: Features = PIXELS
    ) -> None:
        self.estimator = sklearn.cluster.KMeans(n_components, n_init=n_init, random_state=seed)
        self.features = features

    def assign(self, data: Dataset) -> tuple[Tensor, Tensor]:
        """Return one-hot assignments; see `Baseline.assign`."""
        train, test = (part.cpu().numpy() for part in self.features.extract(data))
        assigned = self.estimator.fit_predict(train), self.estimator.predict(test)
        clusters = self.estimator.n_clusters
        pairs = [one_hot(torch.from_numpy(k).long(), clusters).float() for k in assigned]
        return pairs[0], pairs[1]


@baselines.register("gmm")
class GMM(Baseline):
    """A Gaussian mixture fitted by expectation maximisation, by scikit-learn.

    Args:
        n_components: K.
        seed: Seed of the starts.
        n_init: Starts, of which the likeliest is kept.
        covariance: ``full``, ``tied``, ``diag`` or ``spherical``. Full ones of many pixels take
            long and fit badly.
        regularization: Added to the variances, for pixels that never change.
        features: What is clustered; pixels by default.

    Raises:
        ValueError: If there is no such covariance.
    """

    def __init__(
        self,
        n_components: int,
        seed: int,
        n_init: int = 3,
        covariance: str = "full",
        regularization: float = 1e-4,
        features: Features = PIXELS,
    ) -> None:
        if covariance not in ("full", "tied", "diag", "spherical"):
            raise ValueError(f"covariance is full, tied, diag or spherical, not {covariance!r}")
        self.estimator = sklearn.mixture.GaussianMixture(
            n_components,
            covariance_type=covariance,
            reg_covar=regularization,
            n_init=n_init,
            max_iter=300,
            random_state=seed,
        )
        self.features = features

    def assign(self, data: Dataset) -> tuple[Tensor, Tensor]:
        """Return the components' responsibilities; see `Baseline.assign`."""
        train, test = (part.cpu().double().numpy() for part in self.features.extract(data))
        self.estimator.fit(train)
        pairs = [self.estimator.predict_proba(part) for part in (train, test)]
        return torch.from_numpy(pairs[0]).float(), torch.from_numpy(pairs[1]).float()
