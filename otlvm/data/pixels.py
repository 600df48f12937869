"""Pixels of any type as floats in [0, 1], and other numbers as they are."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otlvm.data.errors import DataError

Pixels = NDArray[Any]
Floats = NDArray[np.float32]

BYTE = 255
DARK = 128
"""Bytes that all lie below it need ``span:``. Photographs reach the upper half of the range (one
lamp or one reflection in all images is enough), even dark ones; codes of up to 7 bits (0 and 1,
0 to 16, percentages) do not."""
BLACK = 2 / BYTE
"""Floats that all lie below it were divided by 255 twice."""
WHOLE = "all"
"""What images are that are not yet split into parts."""
ROUNDING = 2e-6
"""What may be over in single precision: 16 units in the last place of 1."""


def to_floats(name: str, parts: Mapping[str, Pixels], span: float | None) -> list[Floats]:
    """Turn pixels into floats in [0, 1]: bytes / 255, or numbers / span.

    Without ``span`` other numbers stay as they are, whatever their range.

    Args:
        name: The data set's name, for messages.
        parts: Arrays ``[n, ...]`` by what they are: ``training``, ``held-out``.
        span: The largest value that pixels can have; None means 255 for bytes, and leaves other
            numbers as they are.

    Returns:
        Arrays of the same shapes. What is over by rounding errors is cut off.

    Raises:
        DataError: If types are others, or differ between parts; if there are NaN or infinite
            numbers; if pixels lie outside [0, ``span``], or bytes and floats far below 255 and 1.
    """
    if span is not None and not 0 < span < np.inf:
        raise DataError(
            f"{name}: 'span: {_digits(span)}' is no largest value: give a positive number"
        )
    _check_kinds(name, parts)
    return [_scale(name, part, x, span) for part, x in parts.items()]


def to_numbers(name: str, parts: Mapping[str, Pixels]) -> list[Pixels]:
    """Turn numbers of any type into floats as they are, bytes too.

    Args:
        name: The data set's name, for messages.
        parts: Arrays ``[n, ...]`` by what they are: ``training``, ``held-out``.

    Raises:
        DataError: If types are others, or differ between parts; if there are NaN or infinite
            numbers.
    """
    _check_kinds(name, parts)
    return [_as_they_are(f"{name}: {part} images", x, np.float64) for part, x in parts.items()]


def _as_they_are(what: str, x: Pixels, dtype: type[np.floating[Any]]) -> Pixels:
    low, high, most = x.min(), x.max(), float(np.finfo(np.float32).max)
    if not (float(low) >= -most and float(high) <= most):  # NaN fails this too
        refuse_outside(what, low, high, "single precision holds numbers up to 3e38")
    return x.astype(dtype)


def _check_kinds(name: str, parts: Mapping[str, Pixels]) -> None:
    kinds = {part: _kind(name, part, x) for part, x in parts.items()}
    if len(set(kinds.values())) > 1:
        found = ", ".join(f"{part} images are {kind}" for part, kind in kinds.items())
        raise DataError(f"{name}: {found}: give both parts in one type and on one scale")
    for part, x in parts.items():
        if x.dtype.kind == "f" and not (np.isfinite(x.min()) and np.isfinite(x.max())):
            _refuse_not_finite(name, part, x)


def _refuse_not_finite(name: str, part: str, x: Pixels) -> None:
    """Say how many images hold what is no number, and which is the first."""
    rows = (~np.isfinite(x)).reshape(len(x), -1).any(axis=1)
    found = "NaN (not a number)" if np.isnan(x).any() else "infinite numbers"
    whose = "images" if part == WHOLE else f"{part} images"
    raise DataError(
        f"{name}: {rows.sum()} of {len(x)} {whose} hold {found}, the first is [{rows.argmax()}]: "
        f"replace them, or leave these images out"
    )


def refuse_outside(what: str, low: Any, high: Any, remedy: str) -> None:
    """Refuse a range of pixels.

    Args:
        what: Whose they are, for the message.
        low: The smallest; NaN if there is a NaN among them.
        high: The largest.
        remedy: What to do if they are finite.
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        found = "NaN (not a number)" if np.isnan(low) or np.isnan(high) else "infinite numbers"
        raise DataError(f"{what} hold {found}: replace them, or leave these images out")
    raise DataError(f"{what} span [{_digits(low)}, {_digits(high)}]: {remedy}")


def _kind(name: str, part: str, x: Pixels) -> str:
    if np.ma.is_masked(x):
        raise DataError(f"{name}: {part} images have masked pixels: fill them")
    kinds = {"b": "truth values", "u": "whole numbers", "i": "whole numbers", "f": "floats"}
    if x.dtype.kind not in kinds:
        raise DataError(f"{name}: {part} images are {x.dtype}: give bytes or floats")
    return "bytes" if x.dtype == np.uint8 else kinds[x.dtype.kind]


def _scale(name: str, part: str, x: Pixels, span: float | None) -> Floats:
    """Turn one part into floats."""
    what, low, high = f"{name}: {part} images", x.min(), x.max()
    if x.dtype == bool:
        return np.asarray(x, dtype=np.float32)
    if x.dtype == np.uint8 and span is None:
        _refuse_dark_bytes(what, int(high))
        return np.asarray(x, dtype=np.float32) / np.float32(BYTE)
    largest = 1.0 if span is None else span
    lowest, highest = float(low), float(high)
    over = max(ROUNDING, 4 * float(np.finfo(x.dtype).eps)) if x.dtype.kind == "f" else 0.0
    if not (lowest >= -over * largest and highest <= (1 + over) * largest):  # NaN fails this too
        if span is None:
            return np.asarray(_as_they_are(what, x, np.float32))
        refuse_outside(what, low, high, _remedy(lowest, span))
    if span is None and x.dtype.kind == "f":
        _refuse_black_floats(what, highest)
    exact = np.float32 if span is None or x.dtype.itemsize < 4 else np.float64
    scaled: NDArray[Any] = np.array(x, dtype=exact)
    if span is not None:
        scaled /= exact(span)
    if lowest < 0 or highest > largest:
        scaled = scaled.clip(0, 1)
    return np.asarray(scaled, dtype=np.float32)


def _remedy(low: float, span: float) -> str:
    if low < 0:
        return "'span:' is of numbers from 0 on: leave it out, or say 'scale: unit' instead"
    return f"that is more than 'span: {_digits(span)}', the largest value: correct it"


def _digits(value: Any) -> str:
    """Write a number with the fewest digits that tell it from others of its type."""
    return str(value).removesuffix(".0")


def _refuse_dark_bytes(what: str, high: int) -> None:
    if high < DARK:
        raise DataError(
            f"{what} are bytes up to {high}, far below {BYTE}: say the largest value that "
            f"there can be, 'span: {max(high, 1)}', 'span: {BYTE}' if they are as dark as that, or "
            f"'scale: unit' or 'scale: standard' if they are numbers of another kind"
        )


def _refuse_black_floats(what: str, high: float) -> None:
    if high < BLACK:
        raise DataError(
            f"{what} are floats up to {high:.3g}, nearly black: were they divided by {BYTE} "
            f"twice? Say the largest value that there can be, such as 'span: {1 / BYTE:.3g}', or "
            f"'span: 1' if they are as dark as that"
        )
