"""The interface of features: what a baseline clusters."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from otlvm.registry import Registry
from otlvm.sharing import Learner


class Features(Learner, ABC):
    """A map of images to vectors, fitted to training images without their labels.

    Its random numbers are its own, from torch's seed ``torch.initial_seed()``, that of the run:
    equal features of equal data and seed are equal, wherever they are used.
    """

    learn: ClassVar[str] = "fit_transform"
    apply: ClassVar[str] = "transform"

    @abstractmethod
    def fit_transform(self, x: Tensor) -> Tensor:
        """Fit to images ``[n, D]`` and return their features ``[n, f]``."""

    def check(self, n_images: int) -> None:
        """Refuse data that are too few, before anything is trained; see `Baseline.check`."""

    @abstractmethod
    def transform(self, x: Tensor) -> Tensor:
        """Return the features ``[m, f]`` of other images ``[m, D]``; after `fit_transform`."""


features: Registry[Features] = Registry("feature", Features)
