"""The user's own arrays."""

import zipfile
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.lib.format import read_array
from numpy.typing import NDArray

from otlvm.data.arrays import from_arrays, split
from otlvm.data.base import DataError, Dataset, datasets
from otlvm.data.binarize import Binarize
from otlvm.data.errors import listed, reason
from otlvm.data.layouts import Layout
from otlvm.data.litter import is_litter
from otlvm.data.paths import check_file, locate
from otlvm.scaling import Scale
from otlvm.wording import did_you_mean

SPLIT_KEYS = ("x_train", "y_train", "x_test", "y_test")
KEYS = (*SPLIT_KEYS, "x", "y")
TEXTS = (".csv", ".tsv", ".txt", ".parquet", ".xlsx")
"""Tables, which name no classes and features by themselves."""


@datasets.register("npz")
def npz(
    path: str,
    test_fraction: float = 0.2,
    split_seed: int = 0,
    stratify: bool = True,
    span: float | None = None,
    layout: Layout | None = None,
    scale: Scale = "none",
    binarize: Binarize | None = None,
) -> Dataset:
    """Arrays of a NumPy .npz file: x_train, y_train, x_test, y_test; or x, y, to be split.

    Without labels it holds x_train and x_test, or x, and nothing else.

    Args:
        path: The file. Images are bytes or other numbers, ``[n, H, W]``, ``[n, C, H, W]``,
            ``[n, H, W, C]`` or ``[n, D]``; labels are ``[n]``, with -1, NaN or an empty text where
            there is none.
        test_fraction: Share (of each class) that is held out, where the file has no split.
        split_seed: Seed of that split.
        stratify: Split each class in the same proportion; false splits without regard to them.
        span: The largest value that pixels can have, where they are neither bytes up to 255 nor
            floats up to 1.
        layout: ``channels_first`` or ``channels_last``, where the number of channels does not tell.
        scale: ``none``, or ``unit`` or ``standard`` for each feature, fitted to training data.
        binarize: Black and white, drawn once (``static``) or in each batch (``dynamic``).
    """
    file = locate(path)
    check_file(path, file)
    if file.suffix.lower() in TEXTS:
        raise DataError(
            f"{path} is no .npz file: save the columns of the table with numpy.savez, or name a "
            f"function of yours, my_module:my_data, that reads it (docs/data.md)"
        )
    try:
        with zipfile.ZipFile(file) as archive:
            arrays = {
                name.removesuffix(".npy"): _read(archive, name, path)
                for name in archive.namelist()
                if not any(is_litter(part) for part in PurePosixPath(name).parts)
            }
    except DataError:
        raise
    except Exception as error:  # a damaged archive may raise anything in its readers
        raise DataError(
            f"{path}: not a whole .npz file of plain arrays ({reason(error)})"
        ) from error
    name = file.stem
    how: dict[str, Any] = {"span": span, "layout": layout, "scale": scale, "binarize": binarize}
    if all(key in arrays for key in SPLIT_KEYS):
        given = (arrays[key] for key in SPLIT_KEYS)
        return from_arrays(name, *given, **how)
    both = [key for key in arrays if "x" in arrays and key in SPLIT_KEYS]
    if both:
        raise DataError(
            f"{path} has {listed(both)} beside x: call the training part x_train and y_train, or "
            f"keep one of the two"
        )
    if "x" in arrays and ("y" in arrays or len(arrays) == 1):
        return split(
            name,
            arrays["x"],
            arrays.get("y"),
            test_fraction,
            split_seed,
            stratify=stratify,
            **how,
        )
    if arrays.keys() == {"x_train", "x_test"}:  # beside others, one may be misspelt labels
        x_train, x_test = arrays["x_train"], arrays["x_test"]
        return from_arrays(name, x_train, None, x_test, None, **how)
    raise DataError(
        f"{path} has no {_missing(arrays)}: it holds {listed(arrays, 8) or 'nothing'}; needed are "
        f"{', '.join(SPLIT_KEYS)}, or x and y; without labels x_train and x_test, or x, alone"
    )


def _missing(found: Collection[str]) -> str:
    """Say which array is missing first, and which of those that are there may be meant."""
    wanted = "y" if "x" in found else next(key for key in SPLIT_KEYS if key not in found)
    other_case = {name: name.lower() for name in found if name.lower() in KEYS}
    renamed = {name: key for name, key in other_case.items() if name != key and key not in found}
    if renamed:
        pairs = listed([f"{name} is called {key}" for name, key in renamed.items()])
        return f"{wanted!r}; in lower case, {pairs}"
    candidates = {name for name in found if name not in KEYS and name[:1].lower() == wanted[0]}
    return f"{wanted!r}{did_you_mean(wanted, candidates)}"


def _read(archive: zipfile.ZipFile, name: str, path: str) -> NDArray[np.generic]:
    with archive.open(name) as file:
        try:
            array: NDArray[np.generic] = read_array(file, allow_pickle=False)
        except ValueError as error:
            if "allow_pickle" not in str(error):
                raise
            key = name.removesuffix(".npy")
            raise DataError(
                f"{path}: {key} holds Python objects, as pandas' columns of texts do, and needed "
                f"are plain arrays: save it as {key}.astype(str), or as numbers"
            ) from error
    return array
