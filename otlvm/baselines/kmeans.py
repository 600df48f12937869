"""K-means."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from otlvm.baselines.base import Baseline, baselines, check_enough
from otlvm.features import PIXELS, Features


@baselines.register("kmeans")
class KMeans(Baseline):
    """K-means, by scikit-learn.

    Args:
        n_init: Starts, of which the best by inertia is kept.
        features: What is clustered; pixels by default.

    Raises:
        ValueError: If ``n_init`` is not positive.
    """

    def __init__(self, n_init: int = 10, features: Features = PIXELS) -> None:
        if n_init < 1:
            raise ValueError("n_init must be positive")
        self.n_init = n_init
        self.features = features

    def check(self, n_images: int, n_components: int) -> None:
        """Refuse more components than images; see `Baseline.check`."""
        check_enough(n_images, n_components)
        self.features.check(n_images)

    def fit(self, x: Tensor, n_components: int) -> Tensor:
        """Return one-hot assignments; see `Baseline.fit`."""
        from sklearn.cluster import KMeans as Estimator  # takes seconds

        self.estimator = Estimator(
            n_components, n_init=self.n_init, random_state=torch.initial_seed() % 2**32
        )
        points = self.features.fit_transform(x).cpu().numpy()
        return self._one_hot(self.estimator.fit_predict(points))

    def assign(self, x: Tensor) -> Tensor:
        """Return one-hot assignments; see `Baseline.assign`."""
        return self._one_hot(self.estimator.predict(self.features.transform(x).cpu().numpy()))

    def _one_hot(self, assigned: NDArray[Any]) -> Tensor:
        return one_hot(torch.from_numpy(assigned).long(), self.estimator.n_clusters).float()
