"""Agglomerative clustering."""

from typing import Any, Literal

from numpy.typing import NDArray

from otlvm.baselines.base import baselines
from otlvm.baselines.neighbours import Points, Transductive
from otlvm.features import PIXELS, Features


@baselines.register("agglomerative")
class Agglomerative(Transductive):
    """Clusters that are joined two by two until K are left, by scikit-learn.

    Source: Ward, *Hierarchical grouping to optimize an objective function* (1963). It knows no
    other images, and memory grows with the square of their number: ``most`` of them are clustered,
    and all others take the cluster of most of their ``neighbors``.

    Args:
        linkage: ``ward``, ``average``, ``complete`` or ``single``.
        most: Images that are clustered at most, drawn with the run's seed.
        neighbors: How many of them vote on every other image.
        features: What is clustered, such as ``umap``; pixels by default.

    Raises:
        ValueError: If there is no such linkage, or a number is not positive.
    """

    def __init__(
        self,
        linkage: Literal["ward", "average", "complete", "single"] = "ward",
        most: int = 10_000,
        neighbors: int = 5,
        features: Features = PIXELS,
    ) -> None:
        super().__init__(features, most, neighbors)
        self.linkage = linkage

    def cluster(self, points: Points, n_components: int, seed: int) -> NDArray[Any]:
        """Join clusters; see the base class. Nothing is drawn."""
        from sklearn.cluster import AgglomerativeClustering  # takes seconds

        estimator = AgglomerativeClustering(n_components, linkage=self.linkage)
        labels: NDArray[Any] = estimator.fit_predict(points)
        return labels
