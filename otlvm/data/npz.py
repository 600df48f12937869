"""The user's own arrays."""

import zipfile
from pathlib import Path

import numpy as np

from otlvm.data.base import DataError, Dataset, datasets, from_arrays, split
from otlvm.registry import did_you_mean

SPLIT_KEYS = ("x_train", "y_train", "x_test", "y_test")


@datasets.register("npz")
def npz(path: str, test_fraction: float = 0.2, split_seed: int = 0) -> Dataset:
    """Arrays of a NumPy .npz file: x_train, y_train, x_test, y_test; or x, y, to be split.

    Args:
        path: The file. Images are bytes, or floats in [0, 1], ``[n, H, W]``, ``[n, C, H, W]`` or
            ``[n, D]``; labels are ``[n]``.
        test_fraction: Share of each class that is held out, where the file has no split.
        split_seed: Seed of that split.
    """
    try:
        with np.load(Path(path).expanduser(), allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing: correct 'path:'") from error
    except (OSError, ValueError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path}: not a whole .npz file of plain arrays ({error})") from error
    name = Path(path).stem
    if all(key in arrays for key in SPLIT_KEYS):
        return from_arrays(name, *(arrays[key] for key in SPLIT_KEYS))
    if "x" in arrays and "y" in arrays:
        return split(name, arrays["x"], arrays["y"], test_fraction, split_seed)
    missing = next(key for key in SPLIT_KEYS if key not in arrays)
    raise DataError(
        f"{path} has no {missing!r}{did_you_mean(missing, arrays)}: it holds "
        f"{', '.join(arrays) or 'nothing'}; needed are {', '.join(SPLIT_KEYS)}, or x and y"
    )
