"""Drawing a held-out part at random, each class in the same proportion.

The draws are those of scikit-learn's ``train_test_split`` (its ``ShuffleSplit`` and
``StratifiedShuffleSplit``, version 1.9), restated: what is held out is part of a result, so it
depends on no other package's version, and reading data takes no second to import one.
"""

import math

import numpy as np
from numpy.typing import NDArray

from otlvm.data.errors import DataError

Places = NDArray[np.int64]
MOST_SEED = 2**32 - 1


def draw_parts(
    name: str, n: int, classes: NDArray[np.int64] | None, test_fraction: float, seed: int
) -> tuple[Places, Places]:
    """Draw the places of training and of held-out images.

    Args:
        name: The data set's name, for messages.
        n: How many images there are.
        classes: Their classes, with shape ``[n]``, any whole numbers, each in the same proportion;
            each has two images or more. None draws without regard to classes.
        test_fraction: Share that is held out; the number of images is rounded up.
        seed: Seed of the draw.

    Returns:
        Places in 0 to n - 1: of the training images, and of those held out, in random order.

    Raises:
        DataError: If a part would be empty or, with classes, smaller than their number; if the
            fraction is not between 0 and 1 or the seed is not a seed.
    """
    if not 0 < test_fraction < 1:
        raise DataError(
            f"{name}: cannot split: test_fraction {test_fraction} is not between 0 and 1"
        )
    if not 0 <= seed <= MOST_SEED:
        raise DataError(f"{name}: cannot split: split_seed {seed} is not between 0 and {MOST_SEED}")
    n_test = math.ceil(test_fraction * n)
    n_train = n - n_test
    if n_train < 1:
        raise DataError(
            f"{name}: cannot split {n} images: test_fraction {test_fraction} leaves "
            f"none to train on"
        )
    rng = np.random.RandomState(seed)  # its draws are fixed for ever, unlike a Generator's
    if classes is None:
        places = rng.permutation(n)
        return places[n_test:], places[:n_test]
    _, codes, counts = np.unique(classes, return_inverse=True, return_counts=True)
    if min(n_train, n_test) < len(counts):
        raise DataError(
            f"{name}: cannot split {n} images: test_fraction {test_fraction} makes parts of "
            f"{n_train} and {n_test}, too few for the number of classes, {len(counts)}: correct "
            f"it; 'stratify: false' splits without regard to classes"
        )
    members = np.split(np.argsort(codes, kind="stable"), counts.cumsum()[:-1])
    of_train = _allot(counts, n_train, rng)
    of_test = _allot(counts - of_train, n_test, rng)
    train, test = [], []
    for own, first, second in zip(members, of_train, of_test, strict=True):
        mixed = own[rng.permutation(len(own))]
        train.append(mixed[:first])
        test.append(mixed[first : first + second])
    return rng.permutation(np.concatenate(train)), rng.permutation(np.concatenate(test))


def _allot(counts: NDArray[np.int64], draws: int, rng: np.random.RandomState) -> NDArray[np.int64]:
    """Share draws among classes in proportion: by largest remainders, ties at random."""
    exact = counts / counts.sum() * draws
    whole = np.floor(exact)
    missing = int(draws - whole.sum())
    remainders = exact - whole
    for value in np.unique(remainders)[::-1]:
        if missing <= 0:
            break
        (equal,) = np.nonzero(remainders == value)
        more = rng.choice(equal, size=min(len(equal), missing), replace=False)
        whole[more] += 1
        missing -= len(more)
    shared: Places = whole.astype(np.int64)
    return shared
