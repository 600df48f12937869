"""The interface of features: what a baseline clusters."""

from abc import ABC, abstractmethod

from torch import Tensor

from otlvm.registry import Registry


class Features(ABC):
    """A map of images to vectors, fitted to training images without their labels."""

    @abstractmethod
    def fit_transform(self, x: Tensor) -> Tensor:
        """Fit to images ``[n, D]`` and return their features ``[n, f]``."""

    @abstractmethod
    def transform(self, x: Tensor) -> Tensor:
        """Return the features ``[m, f]`` of other images ``[m, D]``; after `fit_transform`."""


features: Registry[Features] = Registry("feature", Features)
