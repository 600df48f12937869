"""Image files, or their content, as one array of bytes."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from otlvm.data.errors import DataError, reason
from otlvm.data.paths import check_file

Channels = Literal[1, 3]
Size = int | list[int]
MODES = {1: "L", 3: "RGB"}
GREY = ("1", "L", "LA")
DEEP = ("I", "F")
"""Beginnings of the modes with more than 8 bits a pixel, which Pillow would clip."""


def read_images(
    sources: Iterable[tuple[str, Path | BytesIO]], size: Size | None, channels: Channels | None
) -> NDArray[np.uint8]:
    """Read images of one size.

    Args:
        sources: For each its place, for error messages, and its file or content.
        size: Pixels a side, or height and width: images are resized until they just cover it, and
            what is over is cut off evenly. None takes them as they are.
        channels: 1 makes all images grey, 3 coloured; None takes them as they are. Transparency
            is left out.

    Returns:
        Bytes, with shape ``[n, C, H, W]``.

    Raises:
        DataError: If an image is damaged, or differs in size or colours from the first.
    """
    fitted = _height_and_width(size)
    images: list[NDArray[np.uint8]] = []
    first = ""
    for place, source in sources:
        image = _read(place, source, fitted, channels)
        if not images:
            first = place
        elif image.shape[1:] != images[0].shape[1:]:
            raise DataError(
                f"{place} is {_describe(image)}, {first} is {_describe(images[0])} (width x "
                f"height): give one 'size:' for all, a number or [height, width]"
            )
        elif len(image) != len(images[0]):
            raise DataError(
                f"{place} has {len(image)} channels, {first} has {len(images[0])}: say "
                f"'channels: 1' (grey) or 'channels: 3' (colour)"
            )
        images.append(image)
    return np.stack(images)


def _height_and_width(size: Size | None) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = [size, size] if isinstance(size, int) else size
    if len(sides) != 2 or min(sides) < 1:
        raise DataError(f"size {size}: expected a number of pixels, or [height, width]")
    return sides[0], sides[1]


def _read(
    place: str,
    source: Path | BytesIO,
    size: tuple[int, int] | None,
    channels: Channels | None,
) -> NDArray[np.uint8]:
    """Read one image, ``[C, H, W]``."""
    if isinstance(source, Path):
        check_file(place, source, "replace it or take it out")
    try:
        with Image.open(source) as file:
            frames = getattr(file, "n_frames", 1)
            image = ImageOps.exif_transpose(file)  # cameras leave images lying on their side
            if "transparency" in image.info and image.mode == "P":
                image = image.convert("RGBA")
    except Exception as error:  # a damaged file may raise anything in Pillow's readers
        raise DataError(
            f"{place}: damaged, or no image that Pillow reads ({reason(error)}); replace it or "
            f"take it out"
        ) from error
    if frames > 1:
        raise DataError(f"{place} holds {frames} images: save each in a file of its own")
    if image.mode.startswith(DEEP):
        raise DataError(
            f"{place} has more than 8 bits a pixel (mode {image.mode}): convert it to 8, or put "
            f"floats in [0, 1] into an npz file"
        )
    image = image.convert(MODES[channels or (1 if image.mode in GREY else 3)])
    if size is not None:
        image = ImageOps.fit(image, (size[1], size[0]), Image.Resampling.BICUBIC)
    pixels: NDArray[np.uint8] = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _describe(image: NDArray[np.uint8]) -> str:
    return f"{image.shape[2]} x {image.shape[1]}"
