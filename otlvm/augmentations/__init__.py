"""Augmentations: what changes in an image and not in its k. To add one, write an `Augmentation`."""

from otlvm.augmentations.affine import Affine
from otlvm.augmentations.base import Augmentation, augmentations
from otlvm.augmentations.noise import Noise

__all__ = ["Affine", "Augmentation", "Noise", "augmentations"]
