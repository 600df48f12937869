"""The interface of a baseline: a clustering without a latent-variable model."""

from abc import ABC, abstractmethod

from torch import Tensor

from otlvm.registry import Registry


class Baseline(ABC):
    """A clustering: fitted to training images without their labels, applied to others.

    Its seed is torch's own, ``torch.initial_seed()``: that of the run.
    """

    @abstractmethod
    def fit(self, x: Tensor, n_components: int) -> Tensor:
        """Fit to images ``[n, D]``.

        Args:
            x: Training images, with shape ``[n, D]``.
            n_components: K.

        Returns:
            Their assignments, with shape ``[n, K]`` and rows that sum to 1, on the CPU.
        """

    @abstractmethod
    def assign(self, x: Tensor) -> Tensor:
        """Return the assignments ``[m, K]`` of other images ``[m, D]``; after `fit`."""


baselines: Registry[Baseline] = Registry("baseline", Baseline)
