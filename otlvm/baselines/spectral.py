"""Spectral clustering."""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otlvm.baselines.base import baselines
from otlvm.baselines.neighbours import Points, Transductive
from otlvm.features import PIXELS, Features


@baselines.register("spectral")
class Spectral(Transductive):
    """Spectral clustering of the graph of nearest neighbours, by scikit-learn.

    Source: Ng, Jordan and Weiss, *On spectral clustering* (2001). It knows no other images, and
    more than some thousand take long: ``most`` of them are clustered, and all others take the
    cluster of most of their ``neighbors``. A table that shows it should say so.

    Args:
        graph_neighbors: Neighbours to which an image is joined in the graph.
        most: Images that are clustered at most, drawn with the run's seed.
        neighbors: How many of them vote on every other image.
        features: What is clustered; pixels by default.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self,
        graph_neighbors: int = 10,
        most: int = 5000,
        neighbors: int = 5,
        features: Features = PIXELS,
    ) -> None:
        super().__init__(features, most, neighbors)
        if graph_neighbors < 1:
            raise ValueError("graph_neighbors must be positive")
        self.graph_neighbors = graph_neighbors

    def cluster(self, points: Points, n_components: int, seed: int) -> NDArray[Any]:
        """Cluster the graph; see the base class."""
        from sklearn.cluster import SpectralClustering  # takes seconds
        from sklearn.neighbors import kneighbors_graph

        joined = min(self.graph_neighbors, len(points) - 1)
        graph = kneighbors_graph(points, joined, include_self=True)
        estimator = SpectralClustering(
            n_components,
            affinity="precomputed",
            assign_labels="cluster_qr",
            random_state=np.random.RandomState(seed),
        )
        with warnings.catch_warnings():  # parts that nothing joins are clusters, and welcome
            warnings.filterwarnings("ignore", message="Graph is not fully connected")
            labels: NDArray[Any] = estimator.fit_predict(0.5 * (graph + graph.T))
        return labels
