"""Clusterings that know their own images only: others get the cluster of those nearest to them."""

from abc import abstractmethod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from otlvm.baselines.base import Baseline, check_enough
from otlvm.features import Features

Points = NDArray[np.float32]


class Transductive(Baseline):
    """A clustering of a subsample at most; all other images take a vote of their neighbours.

    Args:
        features: What is clustered.
        most: Images that are clustered at most, drawn with the run's seed.
        neighbors: How many of them vote on every other image.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(self, features: Features, most: int, neighbors: int) -> None:
        if min(most, neighbors) < 1:
            raise ValueError("most and neighbors must be positive")
        self.features = features
        self.most = most
        self.neighbors = neighbors

    def check(self, n_images: int, n_components: int) -> None:
        """Refuse more components than images are clustered; see `Baseline.check`."""
        check_enough(min(n_images, self.most), n_components)
        self.features.check(n_images)

    @abstractmethod
    def cluster(self, points: Points, n_components: int, seed: int) -> NDArray[Any]:
        """Return the cluster of each point ``[n, f]``, from 0 to K - 1."""

    def fit(self, x: Tensor, n_components: int) -> Tensor:
        """Cluster, and let neighbours vote on the rest; see `Baseline.fit`."""
        from sklearn.neighbors import KNeighborsClassifier  # takes seconds

        points = self.features.fit_transform(x).cpu().numpy()
        kept = torch.randperm(len(points))[: self.most].sort().values.numpy()
        labels = self.cluster(points[kept], n_components, torch.initial_seed() % 2**32)
        votes = min(self.neighbors, len(kept))
        self._vote = KNeighborsClassifier(votes).fit(points[kept], labels)
        self._n_components = n_components
        assigned = self._vote.predict(points)
        assigned[kept] = labels
        return self._one_hot(assigned)

    def assign(self, x: Tensor) -> Tensor:
        """Return one-hot assignments; see `Baseline.assign`."""
        return self._one_hot(self._vote.predict(self.features.transform(x).cpu().numpy()))

    def _one_hot(self, assigned: NDArray[Any]) -> Tensor:
        return one_hot(torch.from_numpy(assigned).long(), self._n_components).float()
