"""Data sets of arrays: with a split, or to be split."""

from collections.abc import Sequence
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from otlvm.data.base import Dataset
from otlvm.data.binarize import Binarize, draw_once
from otlvm.data.errors import DataError, printable
from otlvm.data.labels import (
    NO_LABEL,
    Codes,
    Labels,
    read_labels,
    refuse_disjoint,
    refuse_measurements,
)
from otlvm.data.layouts import Layout, images_first
from otlvm.data.partition import draw_parts
from otlvm.data.pixels import WHOLE, to_floats, to_numbers
from otlvm.scaling import Scale, Scaling

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
    scale: Scale = "none",
    binarize: Binarize | None = None,
) -> Dataset:
    """Make a data set of arrays.

    Args:
        name: The data set's name.
        x_train: Images ``[n, H, W]``, ``[n, C, H, W]``, ``[n, H, W, C]`` or ``[n, D]`` (taken as
            square and grey if D is a square, else as one row); bytes, or numbers of any type, which
            most likelihoods want in [0, 1].
        y_train: Labels ``[n]``: numbers, texts or dates. NaN, None, masked values, -1, empty texts
            and the like are no label: such images are trained on, and left out of the scores. None
            if there are no labels at all.
        x_test: Held-out images.
        y_test: Their labels; None if there are none.
        span: The largest value that pixels can have, where they are neither bytes up to 255 nor
            floats up to 1: they are divided by it.
        layout: Where channels are, ``channels_first`` or ``channels_last``, where their number
            does not tell.
        class_names: Names of the classes, where labels are 0, 1, 2 ...; None takes them from the
            labels.
        scale: ``none`` as they are; ``unit`` takes each feature's range over the training data to
            [0, 1], and cuts off what held-out data have beyond it; ``standard`` takes their mean
            to 0 and their standard deviation to 1. Scaled bytes are numbers like others.
        binarize: ``static`` draws black and white images once, with the grey values as
            probabilities; ``dynamic`` draws training images afresh in each batch.

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
        shape = None if y is None else _shape(name, y)
        fits = shape is None or shape == x.shape[:1]
        if x.ndim < 2 or x.shape[1:] != images["training"].shape[1:] or not fits or not len(x):
            labelled = "" if y is None else f" and labels {shape}"
            raise DataError(
                f"{name}: {part} images {x.shape}{labelled} do not fit: expected "
                f"[n, ...] with the same image size in both parts, at least one, and labels [n]"
                f"{_one_each(shape, x.shape[:1])}"
            )
    labels = read_labels(name, given, class_names) if given else None
    if labels is not None:
        refuse_measurements(name, labels)
        refuse_disjoint(name, labels)
    arranged = {part: images_first(name, x, layout) for part, x in images.items()}
    train, test = _numbers(name, arranged, span, scale)
    codes = None if labels is None else labels.codes
    rounding = _rounding(*images.values())
    return _assemble(name, (train, test), codes, labels, scale, binarize, rounding)


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
    scale: Scale = "none",
    binarize: Binarize | None = None,
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
        scale: As in `from_arrays`.
        binarize: As in `from_arrays`.

    Raises:
        DataError: If the split is impossible or the arrays do not fit.
    """
    x = _array(x)
    shape = None if y is None else _shape(name, y)
    if x.ndim < 2 or (shape is not None and shape != x.shape[:1]):
        labelled = "" if y is None else f" and labels {shape}"
        raise DataError(
            f"{name}: cannot split images {x.shape}{labelled}: expected [n, ...], [n]"
            f"{_one_each(shape, x.shape[:1])}"
        )
    if not len(x):
        raise DataError(f"{name}: cannot split images {x.shape}: there are none")
    labels = None if y is None else read_labels(name, [y], class_names)
    strata = labels if stratify else None
    if strata is not None:
        refuse_measurements(name, strata, "; 'stratify: false' takes each for a class")
    (images,) = _numbers(name, {WHOLE: images_first(name, x, layout)}, span, scale)
    train, test = _divide(name, len(x), strata, test_fraction, seed)
    codes = None if labels is None else (labels.codes[0][train], labels.codes[0][test])
    parts = images[train], images[test]
    return _assemble(name, parts, codes, labels, scale, binarize, _rounding(x))


def _one_each(shape: tuple[int, ...] | None, images: tuple[int, ...]) -> str:
    """Say how labels of another shape become one an image."""
    if shape is None or not images or shape == images:
        return ""
    if shape == (*images, 1):
        return "; a column of labels becomes a list by y.ravel()"
    if len(shape) == 2 and shape[:1] == images:
        return "; rows of zeros with a one become classes by y.argmax(1)"
    return f"; one label an image, -1 where there is none: there are {images[0]} images"


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


def _numbers(
    name: str, parts: dict[str, Array], span: float | None, scale: Scale
) -> Sequence[NDArray[Any]]:
    """Turn arrays into floats: pixels into those in [0, 1], what is scaled later as it is."""
    if scale not in get_args(Scale):
        raise DataError(f"{name}: 'scale: {scale}' is not one: say {' or '.join(get_args(Scale))}")
    if scale == "none":
        return to_floats(name, parts, span)
    if span is not None:
        raise DataError(f"{name}: 'span:' and 'scale: {scale}' both say a range: leave one out")
    return to_numbers(name, parts)


def _assemble(
    name: str,
    images: tuple[NDArray[Any], NDArray[Any]],
    codes: Sequence[Codes] | None,
    labels: Labels | None,
    scale: Scale,
    binarize: Binarize | None,
    rounding: float,
) -> Dataset:
    """Make a data set of images ``[n, C, H, W]`` and classes ``[n]``."""
    name, (channels, height, width) = printable(name), images[0].shape[1:]
    x_train, x_test = (torch.from_numpy(_rows(part)) for part in images)
    scaling = shades = None
    if scale != "none":
        scaling = Scaling.fit(scale, x_train, rounding)
        x_train, x_test = (scaling(part).float() for part in (x_train, x_test))
        scaling.float()
    if binarize is not None:
        if binarize not in get_args(Binarize):
            choices = " or ".join(get_args(Binarize))
            raise DataError(f"{name}: 'binarize: {binarize}' is not one: say {choices}")
        shades = x_train if binarize == "dynamic" else None
        x_train, x_test = draw_once(name, (x_train, x_test))
    y_train = y_test = None
    if codes is not None:
        y_train, y_test = (torch.from_numpy(part) for part in codes)
    shape, names = (channels, height, width), None if labels is None else labels.names
    return Dataset(name, shape, x_train, y_train, x_test, y_test, names, scaling, shades)


def _rounding(*parts: Array) -> float:
    """What share of a number its type does not hold, times a few: whole numbers are exact."""
    ones: list[Any] = [part.dtype.type(1) for part in parts if part.dtype.kind == "f"]
    return 4 * max(float(np.spacing(one)) for one in (*ones, 1.0))


def _shape(name: str, y: Any) -> tuple[int, ...]:
    try:
        return np.shape(y)
    except ValueError as error:  # lists of different lengths
        raise DataError(f"{name}: labels are lists: give one number or text an image") from error


def _array(x: Any) -> NDArray[Any]:
    return x if isinstance(x, np.ma.MaskedArray) else np.asarray(x)


def _rows(images: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(images.reshape(len(images), -1))
