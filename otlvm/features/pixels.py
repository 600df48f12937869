"""Pixels as features."""

from typing import ClassVar

from torch import Tensor

from otlvm.features.base import Features, features


@features.register("pixels")
class Pixels(Features):
    """The images themselves."""

    worth_keeping: ClassVar[bool] = False

    def fit_transform(self, x: Tensor) -> Tensor:
        """Return the images; see `Features.fit_transform`."""
        return x

    def transform(self, x: Tensor) -> Tensor:
        """Return the images; see `Features.transform`."""
        return x


PIXELS = features.build("pixels")  # it has no state, so that all baselines may share it
