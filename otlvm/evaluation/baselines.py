"""Clusterings without a latent-variable model, scored by the same code."""

from abc import ABC, abstractmethod

import sklearn.cluster
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from otlvm.data import Dataset
from otlvm.registry import Registry


class Baseline(ABC):
    """A clustering: fitted to training images, applied to held-out ones."""

    @abstractmethod
    def assign(self, data: Dataset) -> tuple[Tensor, Tensor]:
        """Return assignments of the training and held-out images, ``[n, K]`` and ``[m, K]``."""


baselines: Registry[Baseline] = Registry("baseline", Baseline, ("n_components", "seed"))


@baselines.register("kmeans")
class KMeans(Baseline):
    """K-means on pixels, by scikit-learn.

    Args:
        n_components: K.
        seed: Seed of the starts.
        n_init: Starts, of which the best by inertia is kept.
    """

    def __init__(self, n_components: int, seed: int, n_init: int = 10) -> None:
        self.estimator = sklearn.cluster.KMeans(n_components, n_init=n_init, random_state=seed)

    def assign(self, data: Dataset) -> tuple[Tensor, Tensor]:
        """Return one-hot assignments; see `Baseline.assign`."""
        train = self.estimator.fit_predict(data.x_train.cpu().numpy())
        test = self.estimator.predict(data.x_test.cpu().numpy())
        clusters = self.estimator.n_clusters
        pairs = [one_hot(torch.from_numpy(k).long(), clusters).float() for k in (train, test)]
        return pairs[0], pairs[1]
