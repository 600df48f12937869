"""What every data set holds to, whoever made it."""

import math
from numbers import Integral
from typing import Any

import torch
from torch import Tensor

from otlvm.data.errors import DataError, listed
from otlvm.data.pixels import ROUNDING, refuse_outside
from otlvm.wording import with_article

WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
HELP = "otlvm.data.from_arrays makes a data set of arrays of any kind"


def check_image_shape(name: str, shape: Any) -> int:
    """Return the number of pixels.

    Raises:
        DataError: If the shape is not that of an image.
    """
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else ()
    if len(sizes) != 3 or not all(isinstance(s, Integral) and int(s) > 0 for s in sizes):
        raise DataError(
            f"{name}: image_shape {shape!r}: expected channels, height and width, such as "
            f"(1, 28, 28)"
        )
    return math.prod(sizes)


def checked_images(name: str, field: str, x: Any, pixels: int) -> Tensor:
    """Return images without what is over [0, 1] by rounding errors; other numbers as they are.

    Args:
        name: The data set's name, for messages.
        field: ``x_train`` or ``x_test``.
        x: Images ``[n, D]``.
        pixels: D.

    Raises:
        DataError: If they are of another kind or shape, none, or not finite.
    """
    if not isinstance(x, Tensor):
        given = with_article(type(x).__name__)
        raise DataError(f"{name}: {field} is {given}, a tensor is expected; {HELP}")
    if x.ndim != 2 or x.shape[1] != pixels:
        raise DataError(
            f"{name}: {field} has shape {list(x.shape)}, [n, {pixels}] is expected: an image a "
            f"row, of as many pixels as image_shape says"
        )
    if not len(x):
        raise DataError(f"{name}: {field} is empty: give at least one image in both parts")
    if x.dtype not in {torch.float32, torch.get_default_dtype()}:
        raise DataError(
            f"{name}: {field} is {x.dtype}, {torch.get_default_dtype()} is expected; {HELP}"
        )
    low, high = (float(bound) for bound in x.detach().aminmax())
    if not (math.isfinite(low) and math.isfinite(high)):
        refuse_outside(f"{name}: {field}", low, high, HELP)
    return without_rounding(x, low, high)


def without_rounding(x: Tensor, low: float, high: float) -> Tensor:
    """Cut off what is over [0, 1] by rounding errors alone; leave all other numbers as they are.

    Args:
        x: A tensor of any shape.
        low: Its smallest number.
        high: Its largest.
    """
    rounded = low >= -ROUNDING and high <= 1 + ROUNDING and not (low >= 0 and high <= 1)
    return x.clamp(0, 1) if rounded else x


def checked_labels(name: str, field: str, y: Any, x: Tensor) -> None:
    """Refuse labels that are not classes 0, 1, 2 ..., and -1 for none.

    Raises:
        DataError: If they are of another kind, or not one an image.
    """
    if y is None:
        return
    if not isinstance(y, Tensor):
        given = with_article(type(y).__name__)
        raise DataError(f"{name}: {field} is {given}, a tensor is expected; {HELP}")
    if y.shape != x.shape[:1]:
        raise DataError(
            f"{name}: {field} has shape {list(y.shape)}, [{len(x)}] is expected: one label an image"
        )
    if y.dtype not in WHOLE:
        raise DataError(
            f"{name}: {field} is {y.dtype}, whole numbers are expected: classes 0, 1, 2 ..., and "
            f"-1 for no label; {HELP}"
        )
    if int(y.min()) < -1:
        raise DataError(
            f"{name}: {field} goes down to {int(y.min())}: classes are 0, 1, 2 ..., and -1 stands "
            f"for no label; {HELP}"
        )


def check_class_names(name: str, names: Any, n_classes: int) -> None:
    """Refuse names that are not one a class.

    Raises:
        DataError: If they are no texts, or too few.
    """
    if names is None:
        return
    if not isinstance(names, tuple) or not all(isinstance(each, str) for each in names):
        raise DataError(f"{name}: class_names is not a tuple of texts, one a class")
    if len(names) < n_classes:
        raise DataError(
            f"{name}: class_names has {len(names)} names ({listed(names)}) for {n_classes} "
            f"classes: give one a class"
        )


def check_shades(name: str, shades: Any, x: Tensor) -> None:
    """Refuse shades that are not one probability a pixel of the training images.

    Raises:
        DataError: If they are of another kind or shape, or not in [0, 1].
    """
    if shades is None:
        return
    if not isinstance(shades, Tensor) or shades.shape != x.shape or shades.dtype != x.dtype:
        raise DataError(f"{name}: shades are no tensor of the shape and type of x_train")
    if not bool(((shades >= 0) & (shades <= 1)).all()):
        raise DataError(f"{name}: shades are probabilities, and not all in [0, 1]")
