"""The interface of a baseline: a clustering without a latent-variable model."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from otlvm.registry import Registry
from otlvm.sharing import Learner


class Baseline(Learner, ABC):
    """A clustering: fitted to training images without their labels, applied to others.

    Its random numbers are its own, from torch's seed ``torch.initial_seed()``, that of the run:
    equal clusterings of equal data and seed are equal, as a row of a table and as a start.
    """

    learn: ClassVar[str] = "fit"
    apply: ClassVar[str] = "assign"

    @abstractmethod
    def fit(self, x: Tensor, n_components: int) -> Tensor:
        """Fit to images ``[n, D]``.

        Args:
            x: Training images, with shape ``[n, D]``.
            n_components: K.

        Returns:
            Their assignments, with shape ``[n, K]`` and rows that sum to 1, on the CPU.
        """

    def check(self, n_images: int, n_components: int) -> None:
        """Refuse data or a K that cannot be clustered, before anything is trained.

        Args:
            n_images: How many training images there are.
            n_components: K.

        Raises:
            ValueError: If it will not do; the message says what would.
        """

    @abstractmethod
    def assign(self, x: Tensor) -> Tensor:
        """Return the assignments ``[m, K]`` of other images ``[m, D]``; after `fit`."""


def check_enough(n_images: int, n_components: int) -> None:
    """Refuse more components than images.

    Raises:
        ValueError: If there are.
    """
    if n_components > n_images:
        raise ValueError(f"{n_images} training images cannot make {n_components} components")


baselines: Registry[Baseline] = Registry("baseline", Baseline)
