"""Pixels as features."""

from torch import Tensor

from otlvm.features.base import Features, features


@features.register("pixels")
class Pixels(Features):
    """The images themselves."""

    def fit_transform(self, x: Tensor) -> Tensor:
        """Return the images; see `Features.fit_transform`."""
        return x

    def transform(self, x: Tensor) -> Tensor:
        """Return the images; see `Features.transform`."""
        return x


PIXELS = Pixels()  # it has no state, so that all baselines may share it
