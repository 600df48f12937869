"""UMAP of other features."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from otlvm.features.base import Features, features
from otlvm.features.pixels import PIXELS


@features.register("umap")
class UMAP(Features):
    """UMAP of other features, which pulls what are neighbours together; by umap-learn.

    On the codes of an autoencoder, and clustered by a Gaussian mixture, it is the recipe N2D.
    Sources: McInnes, Healy and Melville (2018); McConville et al., *N2D: (not too) deep clustering
    via clustering the local manifold of an autoencoded embedding* (2021).

    Args:
        of: The features that are mapped; pixels by default.
        dim: Dimension of the map.
        neighbors: How many neighbours of a point count as near.
        min_distance: How close points may lie in the map; 0 suits clustering.

    Raises:
        ValueError: If a number is out of range.
        ImportError: If umap-learn is missing.
    """

    def __init__(
        self,
        of: Features = PIXELS,
        dim: int = 10,
        neighbors: int = 20,
        min_distance: float = 0.0,
    ) -> None:
        if dim < 1:
            raise ValueError("dim must be positive")
        if neighbors < 2:
            raise ValueError("neighbors must be at least 2")
        if not 0 <= min_distance <= 1:
            raise ValueError("min_distance lies between 0 and 1")
        try:
            import umap  # noqa: F401 (an extra, and it takes seconds)
        except ImportError as error:
            raise ImportError(
                f"umap-learn is missing: pip install 'otlvm[umap]' ({error})"
            ) from error
        self.of = of
        self.dim = dim
        self.neighbors = neighbors
        self.min_distance = min_distance
        self._map: Any = None

    def check(self, n_images: int) -> None:
        """Refuse fewer images than a point and its neighbours; see `Features.check`."""
        needed = max(self.neighbors, self.dim) + 1
        if n_images < needed:
            raise ValueError(
                f"umap with {self.neighbors} neighbors and dim {self.dim} needs {needed} training "
                f"images or more, there are {n_images}: lower neighbors or dim"
            )
        self.of.check(n_images)

    def fit_transform(self, x: Tensor) -> Tensor:
        """Fit the map and return its points; see `Features.fit_transform`."""
        import umap

        inner = self.of.fit_transform(x)
        self._map = umap.UMAP(
            n_neighbors=self.neighbors,
            n_components=self.dim,
            min_dist=self.min_distance,
            random_state=torch.initial_seed() % 2**32,
            n_jobs=1,  # what a fixed seed asks for anyway, with a warning
        )
        with _same_threads():
            return torch.from_numpy(self._map.fit_transform(inner.cpu().numpy()))

    def transform(self, x: Tensor) -> Tensor:
        """Place other images in the map; see `Features.transform`."""
        inner = self.of.transform(x)
        with _same_threads():
            return torch.from_numpy(self._map.transform(inner.cpu().numpy()))


@contextmanager
def _same_threads() -> Iterator[None]:
    """Put torch's threads back: Numba sets OpenMP, which they share, to all cores."""
    threads = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
