"""A data set: images and labels in memory, split once."""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from otlvm.registry import Registry


class DataError(ValueError):
    """A data file that is missing, damaged or of the wrong form; the message names the remedy."""


@dataclass(frozen=True)
class Dataset:
    """Images in [0, 1] and their labels, split into training and held-out data.

    Attributes:
        name: The data set's name.
        image_shape: Channels, height and width; D is their product.
        x_train: Training images, with shape ``[n, D]``.
        y_train: Their labels, with shape ``[n]``; only evaluation reads them.
        x_test: Held-out images, with shape ``[m, D]``.
        y_test: Their labels, with shape ``[m]``.
    """

    name: str
    image_shape: tuple[int, int, int]
    x_train: Tensor
    y_train: Tensor
    x_test: Tensor
    y_test: Tensor

    def to(self, device: torch.device | str) -> "Dataset":
        """Return the data set with all tensors on a device."""
        names = ("x_train", "y_train", "x_test", "y_test")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the image shape, the images and labels, training part first."""
        digest = hashlib.sha256(repr(self.image_shape).encode())
        for tensor in (self.x_train, self.y_train, self.x_test, self.y_test):
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()


def from_arrays(
    name: str,
    x_train: NDArray[np.generic],
    y_train: NDArray[np.generic],
    x_test: NDArray[np.generic],
    y_test: NDArray[np.generic],
) -> Dataset:
    """Make a data set of arrays.

    Args:
        name: The data set's name.
        x_train: Images ``[n, H, W]``, ``[n, C, H, W]`` or ``[n, D]`` (taken as square and grey
            if D is a square, else as one row); bytes, or floats in [0, 1].
        y_train: Labels ``[n]``, any values.
        x_test: Held-out images.
        y_test: Their labels.

    Raises:
        DataError: If shapes, types or ranges do not fit.
    """
    classes = np.unique(np.concatenate([np.ravel(y_train), np.ravel(y_test)]))
    tensors: list[Tensor] = []
    for part, x, y in (("training", x_train, y_train), ("held-out", x_test, y_test)):
        if x.ndim < 2 or x.shape[1:] != x_train.shape[1:] or y.shape != x.shape[:1] or not len(x):
            raise DataError(
                f"{name}: {part} images {x.shape} and labels {y.shape} do not fit: expected "
                f"[n, ...] with the same image size in both parts, at least one, and labels [n]"
            )
        tensors += [_pixels(name, part, x), torch.from_numpy(np.searchsorted(classes, y))]
    return Dataset(name, image_shape_of(x_train.shape[1:]), *tensors)


def _pixels(name: str, part: str, x: NDArray[np.generic]) -> Tensor:
    if not (x.dtype == np.uint8 or np.issubdtype(x.dtype, np.floating)):
        raise DataError(f"{name}: {part} images are {x.dtype}: give bytes or floats in [0, 1]")
    flat = torch.from_numpy(np.array(x.reshape(len(x), -1), dtype=np.float32))
    if x.dtype == np.uint8:
        return flat / 255
    low, high = float(flat.min()), float(flat.max())
    if not (low >= 0 and high <= 1):  # NaN fails this too
        raise DataError(
            f"{name}: {part} images span [{low:g}, {high:g}]: scale them to [0, 1], or give bytes"
        )
    return flat


def image_shape_of(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return channels, height and width of an image of shape [C, H, W], [H, W] or [D].

    D is taken for a square grey image if it is a square, else for one row.
    """
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    pixels = int(np.prod(shape))
    side = round(pixels**0.5)
    return (1, side, side) if side * side == pixels else (1, 1, pixels)


def split(
    name: str, x: NDArray[np.generic], y: NDArray[np.generic], test_fraction: float, seed: int
) -> Dataset:
    """Split arrays at random, each class in the same proportion, and make a data set of them.

    Raises:
        DataError: If the split is impossible or the arrays do not fit.
    """
    from sklearn.model_selection import train_test_split

    if x.ndim < 2 or y.shape != x.shape[:1]:
        raise DataError(
            f"{name}: cannot split images {x.shape} and labels {y.shape}: expected [n, ...], [n]"
        )
    try:
        parts = train_test_split(x, y, test_size=test_fraction, random_state=seed, stratify=y)
    except ValueError as error:
        raise DataError(f"{name}: cannot split {x.shape} images: {error}") from error
    x_train, x_test, y_train, y_test = parts
    return from_arrays(name, x_train, y_train, x_test, y_test)


datasets: Registry[Dataset] = Registry("dataset", Dataset)
