"""Conformance of augmentations."""

from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.augmentations import Augmentation
from otlvm.testing.fault import Fault
from otlvm.testing.parts import cuda, expect
from otlvm.testing.report import Check, Outcome, raise_faults, run_checks
from otlvm.testing.state import reseeds, unchanged, unchanged_state

Make = Callable[[], Augmentation]
SHAPES = ((1, 6, 6), (3, 4, 5))


def check_augmentation(make: Make) -> None:
    """Check that an augmentation behaves as the toolkit needs.

    Args:
        make: The class, or a function without arguments that builds one.

    Raises:
        ConformanceError: Naming every check that fails, and the fault.
    """
    raise_faults(getattr(make, "__name__", repr(make)), augmentation_outcomes(make))


def augmentation_outcomes(make: Make) -> list[Outcome]:
    """Run all checks of `check_augmentation` and return what they found."""
    return run_checks(CHECKS, make)


def _images(shape: tuple[int, int, int], dtype: torch.dtype = torch.float32) -> Tensor:
    torch.manual_seed(0)
    return torch.rand(5, shape[0] * shape[1] * shape[2], dtype=dtype)


def _has_the_shape(make: Make) -> None:
    for shape in SHAPES:
        for dtype in (torch.float32, torch.float64):
            x = _images(shape, dtype)
            found = expect("what it returns", make()(x, shape), tuple(x.shape), "one row per image")
            if found.dtype != dtype:
                raise Fault(f"images in {dtype} have copies in {found.dtype}")


def _leaves_images_alone(make: Make) -> None:
    for shape in SHAPES:
        x = _images(shape)
        with unchanged(images=x), unchanged_state():
            make()(x, shape)


def _draws_from_torch(make: Make) -> None:
    augmentation, x = make(), _images(SHAPES[0])
    found = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        found.append(augmentation(x, SHAPES[0]))
    if not torch.equal(found[0], found[1]):
        raise Fault("it draws from another random state than torch's: no seed of ours reaches it")
    if torch.equal(found[0], found[2]):
        raise Fault("its copies are the same every time: draw them anew")
    if reseeds(lambda: augmentation(x, SHAPES[0])):
        raise Fault("it seeds torch: all that is drawn after it is the same each time")


def _runs_on_cuda(make: Make) -> None:
    x = _images(SHAPES[0]).to(cuda())
    if make()(x, SHAPES[0]).device != x.device:
        raise Fault("images on cuda have copies elsewhere")


CHECKS: tuple[Check[Make], ...] = (
    Check("a copy of each image", _has_the_shape),
    Check("leaves images and global state alone", _leaves_images_alone),
    Check("draws from torch's random state, anew each time", _draws_from_torch),
    Check("CUDA", _runs_on_cuda),
)
