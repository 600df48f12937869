"""A data set: images and labels in memory, split once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from otlvm.registry import Registry

Array = NDArray[np.generic]
MOST_CHANNELS = 4


class DataError(ValueError):
    """A data file that is missing, damaged or of the wrong form; the message names the remedy."""


@dataclass(frozen=True)
class Dataset:
    """Images in [0, 1], with labels or without, split into training and held-out data.

    Attributes:
        name: The data set's name.
        image_shape: Channels, height and width; D is their product.
        x_train: Training images, with shape ``[n, D]``.
        y_train: Their labels, with shape ``[n]``; only evaluation reads them. None in both parts
            if there are none.
        x_test: Held-out images, with shape ``[m, D]``.
        y_test: Their labels, with shape ``[m]``.
    """

    name: str
    image_shape: tuple[int, int, int]
    x_train: Tensor
    y_train: Tensor | None
    x_test: Tensor
    y_test: Tensor | None

    def __repr__(self) -> str:
        labels = [int(y.max()) for y in (self.y_train, self.y_test) if y is not None]
        classes = f"{max(labels) + 1} classes" if labels else "no labels"
        return (
            f"Dataset({self.name!r}: {len(self.x_train)} training and {len(self.x_test)} held-out "
            f"images {self.image_shape}, {classes})"
        )

    def to(self, device: torch.device | str) -> Self:
        """Return the data set with all tensors on a device."""
        return self._with(lambda tensor: tensor.to(device), lambda tensor: tensor.to(device))

    def first(self, n: int, m: int) -> Self:
        """Return the first n training and the first m held-out images."""
        return self._with(lambda tensor: tensor[:n], lambda tensor: tensor[:m])

    def _with(self, train: Callable[[Tensor], Tensor], test: Callable[[Tensor], Tensor]) -> Self:
        return replace(
            self,
            x_train=train(self.x_train),
            y_train=None if self.y_train is None else train(self.y_train),
            x_test=test(self.x_test),
            y_test=None if self.y_test is None else test(self.y_test),
        )

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the image shape, the images and any labels, training part first."""
        digest = hashlib.sha256(repr(self.image_shape).encode())
        parts = (self.x_train, self.y_train, self.x_test, self.y_test)
        for tensor in (part for part in parts if part is not None):
            digest.update(tensor.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()


def from_arrays(
    name: str,
    x_train: Array,
    y_train: Array | None,
    x_test: Array,
    y_test: Array | None,
) -> Dataset:
    """Make a data set of arrays.

    Args:
        name: The data set's name.
        x_train: Images ``[n, H, W]``, ``[n, C, H, W]`` or ``[n, D]`` (taken as square and grey
            if D is a square, else as one row); bytes, or floats in [0, 1].
        y_train: Labels ``[n]``, any values; None if there are none.
        x_test: Held-out images.
        y_test: Their labels; None if there are none.

    Raises:
        DataError: If shapes, types or ranges do not fit, or one part only has labels.
    """
    given = [y for y in (y_train, y_test) if y is not None]
    if len(given) == 1:
        raise DataError(f"{name}: one part only has labels: give them for both, or for none")
    classes = np.unique(np.concatenate([np.ravel(y) for y in given])) if given else np.empty(0)
    images: list[Tensor] = []
    labels: list[Tensor | None] = []
    for part, x, y in (("training", x_train, y_train), ("held-out", x_test, y_test)):
        fits = y is None or y.shape == x.shape[:1]
        if x.ndim < 2 or x.shape[1:] != x_train.shape[1:] or not fits or not len(x):
            labelled = "" if y is None else f" and labels {y.shape}"
            raise DataError(
                f"{name}: {part} images {x.shape}{labelled} do not fit: expected "
                f"[n, ...] with the same image size in both parts, at least one, and labels [n]"
            )
        images.append(_pixels(name, part, x))
        labels.append(None if y is None else torch.from_numpy(np.searchsorted(classes, y)))
    shape = image_shape_of(x_train.shape[1:], name)
    return Dataset(name, shape, images[0], labels[0], images[1], labels[1])


def _pixels(name: str, part: str, x: Array) -> Tensor:
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


def image_shape_of(shape: tuple[int, ...], name: str = "images") -> tuple[int, int, int]:
    """Return channels, height and width of an image of shape [C, H, W], [H, W] or [D].

    D is taken for a square grey image if it is a square, else for one row.

    Raises:
        DataError: If channels seem to come last; ``name`` says whose.
    """
    if len(shape) == 3:
        if shape[2] in (1, 3) and shape[0] > MOST_CHANNELS:
            raise DataError(
                f"{name}: images {shape} look like [H, W, C]: channels come first, "
                f"x.transpose(0, 3, 1, 2)"
            )
        return shape[0], shape[1], shape[2]
    if len(shape) == 2:
        return 1, shape[0], shape[1]
    pixels = int(np.prod(shape))
    side = round(pixels**0.5)
    return (1, side, side) if side * side == pixels else (1, 1, pixels)


def split(name: str, x: Array, y: Array | None, test_fraction: float, seed: int) -> Dataset:
    """Split arrays at random and make a data set of them.

    Args:
        name: The data set's name.
        x: Images, as `from_arrays` takes them.
        y: Their labels, ``[n]``: each class is split in the same proportion. None if there are
            none.
        test_fraction: Share that is held out, above 0 and below 1.
        seed: Seed of the split.

    Raises:
        DataError: If the split is impossible or the arrays do not fit.
    """
    from sklearn.model_selection import train_test_split

    if x.ndim < 2 or (y is not None and y.shape != x.shape[:1]):
        labelled = "" if y is None else f" and labels {y.shape}"
        raise DataError(f"{name}: cannot split images {x.shape}{labelled}: expected [n, ...], [n]")
    options = {"test_size": test_fraction, "random_state": seed, "stratify": y}
    try:
        parts = train_test_split(*(part for part in (x, y) if part is not None), **options)
    except ValueError as error:
        raise DataError(f"{name}: cannot split {x.shape} images: {error}") from error
    x_train, x_test, *labels = parts
    y_train, y_test = labels or (None, None)
    return from_arrays(name, x_train, y_train, x_test, y_test)


datasets: Registry[Dataset] = Registry("dataset", Dataset)
