"""The interface of an augmentation: random copies of images that mean the same."""

from abc import ABC, abstractmethod

from torch import Tensor

from otlvm.registry import Registry


class Augmentation(ABC):
    """Changes images at random, each in its own way, in what their component should not depend on.

    Only training sees it; see `otlvm.fit`.
    """

    @abstractmethod
    def __call__(self, x: Tensor, image_shape: tuple[int, int, int]) -> Tensor:
        """Return changed copies, drawn from torch's random state.

        Args:
            x: Images, with shape ``[n, D]``; left as they are.
            image_shape: Channels, height and width; D is their product.

        Returns:
            Images of the same shape, device and dtype.
        """


augmentations: Registry[Augmentation] = Registry("augmentation", Augmentation)
