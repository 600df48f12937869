"""Small rotations, shears, changes of size and shifts."""

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from otlvm.augmentations.base import Augmentation, augmentations


@augmentations.register("affine")
class Affine(Augmentation):
    """A random affine map of each image: turned, sheared, stretched and moved a little.

    Each number is drawn uniformly up to its limit, in both directions. Pixels are interpolated
    linearly; what comes in from outside the image is 0. Sources: Simard, Steinkraus and Platt,
    *Best practices for convolutional neural networks* (2003); for clusterings Guo, Zhu, Liu and
    Yin, *Deep embedded clustering with data augmentation* (2018).

    Args:
        rotation: Degrees.
        shear: How far a row moves sideways, in its distance from the middle.
        scale: Of width and height, each by itself, as a share of them.
        shift: Pixels, in both directions.

    Raises:
        ValueError: If a limit is negative, or ``scale`` 1 or more.
    """

    def __init__(
        self, rotation: float = 10.0, shear: float = 0.1, scale: float = 0.1, shift: float = 2.0
    ) -> None:
        if min(rotation, shear, scale, shift) < 0:
            raise ValueError("rotation, shear, scale and shift must not be negative")
        if scale >= 1:
            raise ValueError("scale must be below 1: it is a share of the image")
        self.rotation = math.radians(rotation)
        self.shear = shear
        self.scale = scale
        self.shift = shift

    def __call__(self, x: Tensor, image_shape: tuple[int, int, int]) -> Tensor:
        """Draw a map for each image; see `Augmentation`."""
        images = x.view(-1, *image_shape)
        maps = self._maps(x, image_shape[1], image_shape[2])
        grid = affine_grid(maps, list(images.shape), align_corners=False)
        return grid_sample(images, grid, align_corners=False).flatten(1)

    def _maps(self, x: Tensor, height: int, width: int) -> Tensor:
        """Draw what takes a place in the new image to one in the old, ``[n, 2, 3]``.

        Places are from -1 to 1 in each direction, first across, then down.
        """
        draws = 2 * torch.rand(6, len(x), device=x.device, dtype=x.dtype) - 1
        angle = self.rotation * draws[0]
        cosine, sine, shear = angle.cos(), angle.sin(), self.shear * draws[1]
        across, down = 1 + self.scale * draws[2:4]
        aside, up = 2 * self.shift * draws[4] / width, 2 * self.shift * draws[5] / height
        aspect = height / width
        rows = (
            across * cosine, down * (shear * cosine - sine) * aspect, aside,
            across * sine / aspect, down * (shear * sine + cosine), up,
        )  # fmt: skip
        return torch.stack(rows, 1).view(-1, 2, 3)
