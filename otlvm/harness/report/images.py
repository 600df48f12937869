"""Arrays of images as PNG data URIs."""

import base64
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from otlvm.plots.tiles import is_images

GAP = 1
GAP_GREY = 128  # seen beside black and white
TILE = 48
"""About how many CSS pixels wide a tile is shown."""
FEW = 24
"""An image of fewer pixels is enlarged, so that gaps stay thin beside it."""
STRIP = 4
"""How many CSS pixels high a vector is shown."""


@dataclass(frozen=True)
class Picture:
    """An image in the page.

    Attributes:
        uri: Its PNG.
        width: How wide it is shown, in CSS pixels.
        height: How high.
        alt: What it shows, for those who do not see it.
        caption: What a reader has to know.
    """

    uri: str
    width: int
    height: int
    alt: str
    caption: str = ""


def data_uri(content: bytes) -> str:
    """Return a PNG as a URI that needs no request."""
    return "data:image/png;base64," + base64.b64encode(content).decode("ascii")


def png(image: Image.Image, **options: Any) -> str:
    """Compress an image without loss; options are those of Pillow's PNGs."""
    file = io.BytesIO()
    image.save(file, "PNG", **options)  # optimize=True takes eight times as long to save 5 %
    return data_uri(file.getvalue())


def grid(tiles: NDArray[Any], alt: str, caption: str = "") -> Picture:
    """Put images beside and above each other.

    Args:
        tiles: uint8, with shape ``[rows, columns, C, H, W]``. What is neither grey nor coloured
            images becomes strips, one below the other, row by row.
        alt: What they show.
        caption: What a reader has to know.
    """
    channels, height = tiles.shape[2:4]
    if is_images(tiles):
        larger = max(1, round(FEW / tiles.shape[4]))
        tiles = tiles.repeat(larger, axis=3).repeat(larger, axis=4)
        height = tiles.shape[3]
        scale = vertical = max(1, round(TILE / tiles.shape[4]))
    else:
        tiles = tiles.reshape(-1, 1, 1, 1, int(np.prod(tiles.shape[2:])))
        channels, height = 1, 1
        scale, vertical = max(1, round(10 * TILE / tiles.shape[4])), STRIP
    rows, columns, _, _, width = tiles.shape
    shape = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, channels)
    canvas = np.full(shape, GAP_GREY, np.uint8)
    for row in range(rows):
        for column in range(columns):
            top, left = row * (height + GAP), column * (width + GAP)
            tile = tiles[row, column].transpose(1, 2, 0)
            canvas[top : top + height, left : left + width] = tile
    image = Image.fromarray(canvas[..., 0] if channels == 1 else canvas)
    return Picture(png(image), image.width * scale, image.height * vertical, alt, caption)
