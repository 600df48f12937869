"""The user's own arrays."""

import zipfile
import zlib
from pathlib import Path

import numpy as np
from numpy.lib.format import read_array
from numpy.typing import NDArray

from otlvm.data.base import DataError, Dataset, datasets, from_arrays, split
from otlvm.wording import did_you_mean

SPLIT_KEYS = ("x_train", "y_train", "x_test", "y_test")


@datasets.register("npz")
def npz(path: str, test_fraction: float = 0.2, split_seed: int = 0) -> Dataset:
    """Arrays of a NumPy .npz file: x_train, y_train, x_test, y_test; or x, y, to be split.

    Without labels it holds x_train and x_test, or x, and nothing else.

    Args:
        path: The file. Images are bytes, or floats in [0, 1], ``[n, H, W]``, ``[n, C, H, W]`` or
            ``[n, D]``; labels are ``[n]``.
        test_fraction: Share (of each class) that is held out, where the file has no split.
        split_seed: Seed of that split.
    """
    try:
        with zipfile.ZipFile(Path(path).expanduser()) as archive:
            arrays = {
                name.removesuffix(".npy"): _read(archive, name) for name in archive.namelist()
            }
    except FileNotFoundError as error:
        raise DataError(f"{path} is missing: correct 'path:'") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path}: not a whole .npz file of plain arrays ({error})") from error
    name = Path(path).stem
    if all(key in arrays for key in SPLIT_KEYS):
        return from_arrays(name, *(arrays[key] for key in SPLIT_KEYS))
    if "x" in arrays and ("y" in arrays or len(arrays) == 1):
        return split(name, arrays["x"], arrays.get("y"), test_fraction, split_seed)
    if arrays.keys() == {"x_train", "x_test"}:  # beside others, one may be misspelt labels
        return from_arrays(name, arrays["x_train"], None, arrays["x_test"], None)
    missing = "y" if "x" in arrays else next(key for key in SPLIT_KEYS if key not in arrays)
    hint = did_you_mean(missing, arrays.keys() - {*SPLIT_KEYS})
    raise DataError(
        f"{path} has no {missing!r}{hint}: it holds "
        f"{', '.join(arrays) or 'nothing'}; needed are {', '.join(SPLIT_KEYS)}, or x and y; "
        f"without labels x_train and x_test, or x, alone"
    )


def _read(archive: zipfile.ZipFile, name: str) -> NDArray[np.generic]:
    with archive.open(name) as file:
        array: NDArray[np.generic] = read_array(file, allow_pickle=False)
    return array
