"""Data sets of arrays: with a split, or to be split."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from otlvm.data.base import Dataset
from otlvm.data.errors import DataError, printable
from otlvm.data.labels import NO_LABEL, Codes, Labels, read_labels, refuse_measurements
from otlvm.data.layouts import Layout, images_first
from otlvm.data.partition import draw_parts
from otlvm.data.pixels import to_floats

Array = NDArray[np.generic]
Places = NDArray[np.int64]


def from_arrays(
    name: str,
    x_train: Array,
    y_train: Array | None,
    x_test: Array,
    y_test: Array | None,
    *,
    span: float | None = None,
    layout: Layout | None = None,
    class_names: Sequence[str] | None = None,
) -> Dataset:
    """Make a data set of arrays.

    Args:
        name: The data set's name.
        x_train: Images ``[n, H, W]``, ``[n, C, H, W]``, ``[n, H, W, C]`` or ``[n, D]`` (taken as
            square and grey if D is a square, else as one row); bytes, or floats in [0, 1].
        y_train: Labels ``[n]``: numbers, texts or dates. NaN, None, masked values, -1, empty texts
            and the like are no label: such images are trained on, and left out of the scores. None
            if there are no labels at all.
        x_test: Held-out images.
        y_test: Their labels; None if there are none.
        span: The largest value that pixels can have, where they are neither bytes up to 255 nor
            floats up to 1; other whole numbers need it.
        layout: Where channels are, ``channels_first`` or ``channels_last``, where their number
            does not tell.
        class_names: Names of the classes, where labels are 0, 1, 2 ...; None takes them from the
            labels.

    Raises:
        DataError: If shapes, types or ranges do not fit, or one part only has labels.
    """
    given = [y for y in (y_train, y_test) if y is not None]
    if len(given) == 1:
        raise DataError(
            f"{name}: one part only has labels: give them for both, or for none; images without "
            f"one have the label -1"
        )
    images = {"training": _array(x_train), "held-out": _array(x_test)}
    for (part, x), y in zip(images.items(), (y_train, y_test), strict=True):
        fits = y is None or np.shape(y) == x.shape[:1]
        if x.ndim < 2 or x.shape[1:] != images["training"].shape[1:] or not fits or not len(x):
            labelled = "" if y is None else f" and labels {np.shape(y)}"
            raise DataError(
                f"{name}: {part} images {x.shape}{labelled} do not fit: expected "
                f"[n, ...] with the same image size in both parts, at least one, and labels [n]"
            )
    labels = read_labels(name, given, class_names) if given else None
    if labels is not None:
        refuse_measurements(name, labels)
    arranged = {part: images_first(name, x, layout) for part, x in images.items()}
    train, test = to_floats(name, arranged, span)
    return _assemble(name, (train, test), None if labels is None else labels.codes, labels)


def split(
    name: str,
    x: Array,
    y: Array | None,
    test_fraction: float,
    seed: int,
    *,
    stratify: bool = True,
    span: float | None = None,
    layout: Layout | None = None,
    class_names: Sequence[str] | None = None,
) -> Dataset:
    """Split arrays at random and make a data set of them.

    Args:
        name: The data set's name.
        x: Images, as `from_arrays` takes them.
        y: Their labels, ``[n]``, as `from_arrays` takes them. None if there are none.
        test_fraction: Share that is held out, above 0 and below 1.
        seed: Seed of the split.
        stratify: Split each class, and the images without a label, in the same proportion. It
            needs two images of each.
        span: As in `from_arrays`.
        layout: As in `from_arrays`.
        class_names: As in `from_arrays`.

    Raises:
        DataError: If the split is impossible or the arrays do not fit.
    """
    x = _array(x)
    if x.ndim < 2 or (y is not None and np.shape(y) != x.shape[:1]):
        labelled = "" if y is None else f" and labels {np.shape(y)}"
        raise DataError(f"{name}: cannot split images {x.shape}{labelled}: expected [n, ...], [n]")
    if not len(x):
        raise DataError(f"{name}: cannot split images {x.shape}: there are none")
    labels = None if y is None else read_labels(name, [y], class_names)
    strata = labels if stratify else None
    if strata is not None:
        refuse_measurements(name, strata, "; 'stratify: false' takes each for a class")
    (images,) = to_floats(name, {"all": images_first(name, x, layout)}, span)
    train, test = _divide(name, len(x), strata, test_fraction, seed)
    codes = None if labels is None else (labels.codes[0][train], labels.codes[0][test])
    return _assemble(name, (images[train], images[test]), codes, labels)


def _divide(
    name: str, n: int, strata: Labels | None, test_fraction: float, seed: int
) -> tuple[Places, Places]:
    """Draw the places of the training and of the held-out images."""
    if strata is None:
        return draw_parts(name, n, None, test_fraction, seed)
    codes = strata.codes[0]
    single = (np.bincount(codes[codes != NO_LABEL]) == 1).nonzero()[0]
    if len(single):
        raise DataError(
            f"{name}: cannot split each class in the same proportion: there is one image only of "
            f"{strata.shown(single)}: take it out, or add another; 'stratify: false' splits "
            f"without regard to classes"
        )
    places, lone = np.arange(n), np.arange(0)
    unlabelled = codes == NO_LABEL
    if unlabelled.sum() == 1:  # in no proportion: it is trained on
        places, lone = places[~unlabelled], places[unlabelled]
    train, test = draw_parts(name, len(places), codes[places], test_fraction, seed)
    return np.concatenate([places[train], lone]), places[test]


def _assemble(
    name: str,
    images: tuple[NDArray[Any], NDArray[Any]],
    codes: Sequence[Codes] | None,
    labels: Labels | None,
) -> Dataset:
    """Make a data set of images ``[n, C, H, W]`` in [0, 1] and classes ``[n]``."""
    name, (channels, height, width) = printable(name), images[0].shape[1:]
    x_train, x_test = (torch.from_numpy(_rows(part)) for part in images)
    if codes is None or labels is None:
        return Dataset(name, (channels, height, width), x_train, None, x_test, None)
    y_train, y_test = (torch.from_numpy(part) for part in codes)
    return Dataset(name, (channels, height, width), x_train, y_train, x_test, y_test, labels.names)


def _array(x: Any) -> NDArray[Any]:
    return x if isinstance(x, np.ma.MaskedArray) else np.asarray(x)


def _rows(images: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(images.reshape(len(images), -1))
