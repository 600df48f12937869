"""Arrays of images as one image."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from otlvm.plots.arrays import MissingArrayError

PAPER = 255
STRIP = 4
"""Pixels of a vector's height, so that gaps look thin beside it."""


class Mosaic(NamedTuple):
    """Images beside and above each other.

    Attributes:
        canvas: uint8, with shape ``[height, width]``, or ``[height, width, 3]`` (4 if images are
            transparent).
        gaps: What of it is between the images, with shape ``[height, width]``.
        columns: The middle of each column, in pixels.
        rows: The middle of each row.
    """

    canvas: NDArray[Any]
    gaps: NDArray[np.bool_]
    columns: NDArray[Any]
    rows: NDArray[Any]

    def on_any_paper(self) -> NDArray[Any]:
        """Return the canvas with nothing between the images, so that the paper is seen there."""
        if self.canvas.ndim == 2:
            masked: NDArray[Any] = np.ma.masked_array(self.canvas, self.gaps)
            return masked
        opaque = np.where(self.gaps, 0, PAPER).astype(np.uint8)
        alpha = np.minimum(opaque, self.canvas[..., 3]) if self.canvas.shape[2] == 4 else opaque
        return np.dstack([self.canvas[..., :3], alpha])


def is_images(tiles: NDArray[Any]) -> bool:
    """Tell whether ``[..., C, H, W]`` are grey or coloured images rather than vectors.

    Those of four channels are coloured and transparent.
    """
    channels, height = tiles.shape[-3:-1]
    return channels in (1, 3, 4) and height > 1


def mosaic(tiles: NDArray[Any], gap: int | None = None) -> Mosaic:
    """Put images beside and above each other.

    Args:
        tiles: uint8, with shape ``[rows, columns, C, H, W]``. What is neither grey nor coloured
            images becomes strips.
        gap: Pixels between them; by default few beside the images.
    """
    if not is_images(tiles):
        tiles = tiles.reshape(*tiles.shape[:2], 1, 1, -1).repeat(STRIP, axis=3)
    rows, columns, channels, height, width = tiles.shape
    gap = max(1, min(height, width) // 14) if gap is None else gap
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap, channels)
    canvas, gaps = np.full(size, PAPER, np.uint8), np.ones(size[:2], bool)
    for row, column in np.ndindex(rows, columns):
        top, left = row * (height + gap), column * (width + gap)
        place = slice(top, top + height), slice(left, left + width)
        canvas[place], gaps[place] = tiles[row, column].transpose(1, 2, 0), False
    return Mosaic(
        canvas[..., 0] if channels == 1 else canvas,
        gaps,
        np.arange(columns) * (width + gap) + (width - 1) / 2,
        np.arange(rows) * (height + gap) + (height - 1) / 2,
    )


def show_tiles(tiles: NDArray[Any], ax: Axes) -> Mosaic:
    """Draw images without ticks and frame; returns where they are.

    Raises:
        MissingArrayError: If there is no image.
    """
    if 0 in tiles.shape:
        raise MissingArrayError("there is no image to show")
    found = mosaic(tiles)
    # Matplotlib's own interpolation leaves pixels alone where they are enlarged by a whole
    # number, and else neither drops nor doubles some.
    ax.imshow(
        found.on_any_paper(),
        cmap="gray",
        vmin=0,
        vmax=255,
        aspect="equal" if is_images(tiles) else "auto",
    )
    ax.grid(visible=False)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return found
