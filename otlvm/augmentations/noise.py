"""Gaussian noise: for data without neighbours."""

import torch
from torch import Tensor

from otlvm.augmentations.base import Augmentation, augmentations


@augmentations.register("noise")
class Noise(Augmentation):
    """Independent Gaussian noise on every number.

    Source: Vincent et al., *Extracting and composing robust features with denoising autoencoders*
    (2008).

    Args:
        sigma: Its standard deviation, in units of the data as the model sees them.

    Raises:
        ValueError: If ``sigma`` is negative.
    """

    def __init__(self, sigma: float = 0.1) -> None:
        if sigma < 0:
            raise ValueError("sigma must not be negative")
        self.sigma = sigma

    def __call__(self, x: Tensor, image_shape: tuple[int, int, int]) -> Tensor:
        """Add it; see `Augmentation`."""
        return x + self.sigma * torch.randn_like(x)
