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
    """Return images in [0, 1] without what is over by rounding errors.

    Args:
        name: The data set's name, for messages.
        field: ``x_train`` or ``x_test``.
        x: Images ``[n, D]``.
        pixels: D.

    Raises:
        DataError: If they are of another kind or shape, none, or not in [0, 1].
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
            f"{name}: {field} is {x.dtype}, {torch.get_default_dtype()} in [0, 1] is expected; "
            f"{HELP}"
        )
    return in_unit_interval(f"{name}: {field}", x, f"scale it to [0, 1]; {HELP}")


def in_unit_interval(what: str, x: Tensor, remedy: str) -> Tensor:
    """Return floats in [0, 1] without what is over by rounding errors.

    Args:
        what: Whose they are, for the message.
        x: A tensor of any shape, not empty.
        remedy: What to do if they are finite.

    Raises:
        DataError: If they are not in [0, 1].
    """
    low, high = (float(bound) for bound in x.detach().aminmax())
    if not (low >= -ROUNDING and high <= 1 + ROUNDING):  # NaN fails this too
        lowest, highest = (_with_digits_of(x, bound) for bound in (low, high))
        refuse_outside(what, lowest, highest, remedy)
    return x if low >= 0 and high <= 1 else x.clamp(0, 1)


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


def _with_digits_of(x: Tensor, bound: float) -> Any:
    """A number of the tensor's type, so that it is written with as many digits as that has."""
    return torch.tensor(bound, dtype=x.dtype).numpy()[()]
