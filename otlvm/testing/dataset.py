"""Conformance of data sets."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.data import Dataset
from otlvm.testing.fault import Fault, NotApplicable
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import reseeds, unchanged_state
from otlvm.wording import with_article

Make = Callable[[], Dataset]


def check_dataset(make: Make) -> None:
    """Check that a data set is what the toolkit needs.

    Args:
        make: The function without arguments that returns it.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.

    Example:
        >>> from otlvm.data import digits
        >>> check_dataset(digits)
    """
    raise_faults(getattr(make, "__name__", repr(make)), dataset_outcomes(make))


def dataset_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_dataset` and return what they found."""
    return run_checks(CHECKS, make)


def _is_read(make: Make) -> None:
    data = make()
    if not isinstance(data, Dataset):
        raise Fault(f"it returns {with_article(type(data).__name__)}, not a Dataset")


def _read(make: Make) -> Dataset:
    """Read the data for checks that are about what is in them: `_is_read` tells why not."""
    try:
        data = make()
    except Exception as error:
        raise NotApplicable("it is not read") from error
    if not isinstance(data, Dataset):
        raise NotApplicable("it returns no Dataset")
    return data


def _images(data: Dataset) -> tuple[tuple[str, Tensor], ...]:
    return (("x_train", data.x_train), ("x_test", data.x_test))


def _has_images(make: Make) -> None:
    """What a `Dataset` checks when it is built, but plug-ins may change it afterwards."""
    data = _read(make)
    pixels = math.prod(data.image_shape)
    for name, x in _images(data):
        if x.ndim != 2 or x.shape[1] != pixels or not len(x):
            raise Fault(f"{name} has shape {tuple(x.shape)}, not (n, {pixels}), n above 0")
        if not torch.isfinite(x).all():
            raise Fault(f"{name} holds NaN or infinite numbers")
        low, high = (float(bound) for bound in x.aminmax())
        if low == high:
            raise Fault(f"all pixels of {name} are {low:.4g}")


def _has_labels(make: Make) -> None:
    data = _read(make)
    if data.y_train is None or data.y_test is None:
        raise NotApplicable("no labels")
    for name, y, x in (("y_train", data.y_train, data.x_train), ("y_test", data.y_test,
                                                                 data.x_test)):  # fmt: skip
        if y.shape != x.shape[:1]:
            raise Fault(
                f"{name} has shape {tuple(y.shape)} for {len(x)} images: one label an image"
            )
        if y.is_floating_point() or int(y.min()) < -1:
            raise Fault(f"{name} is not of classes 0, 1, 2 ..., and -1 for no label")
    found = {*data.y_train.tolist(), *data.y_test.tolist()}
    missing = sorted(set(range(data.n_classes)) - found)
    if missing:
        shown = ", ".join(str(label) for label in missing[:5]) + (", ..." if missing[5:] else "")
        raise Fault(
            f"no image has label {shown} of {data.n_classes} classes: number the classes 0, 1, 2 "
            f"... without gaps"
        )


def _lies_in_memory(make: Make) -> None:
    data = _read(make)
    for name, x in _images(data):
        if x.requires_grad:
            raise Fault(f"{name} requires a gradient: detach it")
        if x.device.type != "cpu":
            raise Fault(f"{name} is on {x.device}: return it on the CPU, the harness moves it")


def _holds_out(make: Make) -> None:
    data = _read(make)
    seen = {row.numpy().tobytes() for row in data.x_train.detach().cpu()}
    if all(row.numpy().tobytes() in seen for row in data.x_test.detach().cpu()):
        raise Fault("every held-out image is a training image too: split the data")


def _is_reproducible(make: Make) -> None:
    checksums = []
    for seed in (1, 2):  # a run's seed decides its training, not its data
        torch.manual_seed(seed)
        checksums.append(_read(make).checksum)
    if checksums[0] != checksums[1]:
        raise Fault("two calls return different data: split and shuffle with a seed of its own")


def _leaves_state_alone(make: Make) -> None:
    _read(make)
    with unchanged_state():
        make()
    if reseeds(make):
        raise Fault("it sets torch's seed")


CHECKS: tuple[Check[Make], ...] = (
    Check("returns a Dataset", _is_read),
    Check("images of finite numbers", _has_images),
    Check("classes 0, 1, 2 ...", _has_labels),
    Check("plain tensors on the CPU", _lies_in_memory),
    Check("held-out images are others", _holds_out),
    Check("the same at every call", _is_reproducible),
    Check("leaves global state alone", _leaves_state_alone),
)
