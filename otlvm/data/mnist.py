"""MNIST and the sets that share its format, from files in torchvision's layout."""

import os
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from otlvm.data.arrays import from_arrays
from otlvm.data.base import DataError, Dataset, datasets
from otlvm.data.binarize import Binarize
from otlvm.data.idx import read_idx
from otlvm.data.paths import exists, locate
from otlvm.data.published import check_published
from otlvm.scaling import Scale

ROOT_VARIABLE = "OTLVM_DATA"
FILES = tuple(
    f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
)
MOST_PAD = 100

ARTICLES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
"""Xiao, Rasul and Vollgraf (2017), Table 2."""
LETTERS = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
"""Clanuwat et al. (2018), in the order of the hiragana."""


@datasets.register("mnist")
def mnist(
    root: str | None = None,
    download: bool = False,
    span: float | None = None,
    scale: Scale = "none",
    binarize: Binarize | None = None,
    pad: int = 0,
) -> Dataset:
    """MNIST: 60,000 training and 10,000 held-out digits of 28 x 28 pixels.

    Args:
        root: The folder that holds ``MNIST/raw``; without it the environment's ``OTLVM_DATA``.
        download: Fetch missing files with torchvision.
        span: The largest value that pixels can have, for files of your own whose bytes do not reach
            255.
        scale: ``none``, or ``unit`` or ``standard`` for each feature, fitted to training data.
        binarize: Black and white, drawn once (``static``) or in each batch (``dynamic``).
        pad: Rows and columns of 0 on each side: 2 makes images of 32 x 32.
    """
    return _load("MNIST", root, download, span=span, scale=scale, binarize=binarize, pad=pad)


@datasets.register("fashion_mnist")
def fashion_mnist(
    root: str | None = None,
    download: bool = False,
    span: float | None = None,
    scale: Scale = "none",
    binarize: Binarize | None = None,
    pad: int = 0,
) -> Dataset:
    """Fashion-MNIST: 60,000 training and 10,000 held-out articles of 28 x 28 pixels.

    Args:
        root: The folder that holds ``FashionMNIST/raw``; without it ``OTLVM_DATA``.
        download: Fetch missing files with torchvision.
        span: The largest value that pixels can have, for files of your own whose bytes do not reach
            255.
        scale: ``none``, or ``unit`` or ``standard`` for each feature, fitted to training data.
        binarize: Black and white, drawn once (``static``) or in each batch (``dynamic``).
        pad: Rows and columns of 0 on each side: 2 makes images of 32 x 32.
    """
    return _load(
        "FashionMNIST", root, download, ARTICLES, span=span, scale=scale, binarize=binarize, pad=pad
    )


@datasets.register("kmnist")
def kmnist(
    root: str | None = None,
    download: bool = False,
    span: float | None = None,
    scale: Scale = "none",
    binarize: Binarize | None = None,
    pad: int = 0,
) -> Dataset:
    """Kuzushiji-MNIST: 60,000 training and 10,000 held-out letters of 28 x 28 pixels.

    Args:
        root: The folder that holds ``KMNIST/raw``; without it ``OTLVM_DATA``.
        download: Fetch missing files with torchvision.
        span: The largest value that pixels can have, for files of your own whose bytes do not reach
            255.
        scale: ``none``, or ``unit`` or ``standard`` for each feature, fitted to training data.
        binarize: Black and white, drawn once (``static``) or in each batch (``dynamic``).
        pad: Rows and columns of 0 on each side: 2 makes images of 32 x 32.
    """
    return _load(
        "KMNIST", root, download, LETTERS, span=span, scale=scale, binarize=binarize, pad=pad
    )


def _load(
    name: str,
    root: str | None,
    download: bool,
    class_names: tuple[str, ...] | None = None,
    pad: int = 0,
    **how: Any,
) -> Dataset:
    if not 0 <= pad <= MOST_PAD:
        raise DataError(f"pad {pad} is not one of 0 to {MOST_PAD} rows and columns")
    # The variable is the shell's, whose paths start where the shell is.
    variable = os.environ.get(ROOT_VARIABLE)
    if not (root or variable):
        raise DataError(
            f"where is {name}? Give 'root:', the folder that holds {name}/raw, or set "
            f"{ROOT_VARIABLE}; 'download: true' fetches it there"
        )
    folder = locate(root) if root else Path(str(variable)).expanduser().absolute()
    raw = folder / name / "raw"
    if download and not all(_find(raw, stem) for stem in FILES):
        _download(name, folder, raw)
    x_train, y_train, x_test, y_test = (_read(name, raw, stem) for stem in FILES)
    x_train, x_test = (np.pad(x, ((0, 0), (pad, pad), (pad, pad))) for x in (x_train, x_test))
    most = max(y.max(initial=0) for y in (y_train, y_test))
    names = class_names if class_names and most < len(class_names) else None  # files of your own
    return from_arrays(name.lower(), x_train, y_train, x_test, y_test, class_names=names, **how)


def _download(name: str, root: Path, folder: Path) -> None:
    import torchvision

    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Processes that start together download once: the others find the files.
        with FileLock(folder.parent / ".download.lock"):
            for train in (True, False):
                getattr(torchvision.datasets, name)(str(root), train=train, download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"cannot download {name} to {folder}: {error}; put the files there by hand"
        ) from error


def _find(folder: Path, stem: str) -> Path | None:
    paths = (folder / stem, folder / f"{stem}.gz")
    return next((path for path in paths if exists(path)), None)


def _read(name: str, folder: Path, stem: str) -> NDArray[np.uint8]:
    path = _find(folder, stem)
    if path is not None:
        array = read_idx(path)
        check_published(name, path, array)
        if array.ndim != (3 if "images" in stem else 1):
            wanted = "images [n, H, W]" if "images" in stem else "labels [n]"
            raise DataError(f"{path} holds an array {array.shape}: expected {wanted}")
        return array
    raise DataError(
        f"{folder / stem} is missing (and so is {stem}.gz): put the file there, "
        f"correct 'root:', or set 'download: true'"
    )
