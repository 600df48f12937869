"""MNIST and the sets that share its format, from files in torchvision's layout."""

import os
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from otlvm.data.base import DataError, Dataset, datasets, from_arrays
from otlvm.data.idx import read_idx
from otlvm.data.published import check_published

ROOT_VARIABLE = "OTLVM_DATA"
FILES = tuple(
    f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
)


@datasets.register("mnist")
def mnist(root: str | None = None, download: bool = False) -> Dataset:
    """MNIST: 60,000 training and 10,000 held-out digits of 28 x 28 pixels.

    Args:
        root: The folder that holds ``MNIST/raw``; without it the environment's ``OTLVM_DATA``.
        download: Fetch missing files with torchvision.
    """
    return _load("MNIST", root, download)


@datasets.register("fashion_mnist")
def fashion_mnist(root: str | None = None, download: bool = False) -> Dataset:
    """Fashion-MNIST: 60,000 training and 10,000 held-out articles of 28 x 28 pixels.

    Args:
        root: The folder that holds ``FashionMNIST/raw``; without it ``OTLVM_DATA``.
        download: Fetch missing files with torchvision.
    """
    return _load("FashionMNIST", root, download)


@datasets.register("kmnist")
def kmnist(root: str | None = None, download: bool = False) -> Dataset:
    """Kuzushiji-MNIST: 60,000 training and 10,000 held-out letters of 28 x 28 pixels.

    Args:
        root: The folder that holds ``KMNIST/raw``; without it ``OTLVM_DATA``.
        download: Fetch missing files with torchvision.
    """
    return _load("KMNIST", root, download)


def _load(name: str, root: str | None, download: bool) -> Dataset:
    root = root or os.environ.get(ROOT_VARIABLE)
    if not root:
        raise DataError(
            f"where is {name}? Give 'root:', the folder that holds {name}/raw, or set "
            f"{ROOT_VARIABLE}; 'download: true' fetches it there"
        )
    folder = Path(root).expanduser() / name / "raw"
    if download and not all(_find(folder, stem) for stem in FILES):
        _download(name, root, folder)
    return from_arrays(name.lower(), *(_read(name, folder, stem) for stem in FILES))


def _download(name: str, root: str, folder: Path) -> None:
    import torchvision

    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Processes that start together download once: the others find the files.
        with FileLock(folder.parent / ".download.lock"):
            for train in (True, False):
                getattr(torchvision.datasets, name)(root, train=train, download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"cannot download {name} to {folder}: {error}; put the files there by hand"
        ) from error


def _find(folder: Path, stem: str) -> Path | None:
    paths = (folder / stem, folder / f"{stem}.gz")
    return next((path for path in paths if path.exists()), None)


def _read(name: str, folder: Path, stem: str) -> NDArray[np.uint8]:
    path = _find(folder, stem)
    if path is not None:
        array = read_idx(path)
        check_published(name, path, array)
        return array
    raise DataError(
        f"{folder / stem} is missing (and so is {stem}.gz): put the file there, "
        f"correct 'root:', or set 'download: true'"
    )
