"""Lists of numbers that a suite takes from .npz files, written out where the file stood.

So a run's id counts the numbers and not the file's name, and a lock or a saved model needs no file.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.suite.runs import Run
from otlvm.wording import did_you_mean

FILE, ARRAY = "npz", "array"
MOST = 100_000
"""Numbers of one array: a config is text, and is hashed, shown and kept with every run."""


def with_arrays(runs: Iterable[Run], folder: Path) -> list[Run]:
    """Write out each ``{npz: FILE, array: NAME}`` of a run's parts as the list that it means.

    Args:
        runs: The runs.
        folder: Where relative paths start: the suite's.

    Raises:
        InputError: If a file or an array is missing, damaged, too large or not made of numbers.
    """
    read: dict[tuple[str, str], Any] = {}

    def written(value: Any, path: KeyPath) -> Any:
        if isinstance(value, list):
            return [written(each, (*path, index)) for index, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if value.keys() == {FILE, ARRAY}:
            key = (str(value[FILE]), str(value[ARRAY]))
            if key not in read:
                read[key] = _read(folder, *key, path)
            return read[key]
        return {key: written(each, (*path, key)) for key, each in value.items()}

    return [
        replace(run, config=written(run.config, run.origin)) if _names_file(run.config) else run
        for run in runs
    ]


def _names_file(value: Any) -> bool:
    if isinstance(value, dict):
        return FILE in value or any(map(_names_file, value.values()))
    return isinstance(value, list) and any(map(_names_file, value))


def _read(folder: Path, file: str, name: str, path: KeyPath) -> Any:
    import numpy as np

    from otlvm.data import DataError, relative_to
    from otlvm.data.paths import check_file, locate

    try:
        with relative_to(folder):
            place = locate(file)
            check_file(file, place, f"correct '{FILE}:'")
        with np.load(place, allow_pickle=False) as archive:
            if name not in archive.files:
                held = ", ".join(archive.files) or "nothing"
                hint = did_you_mean(name, archive.files)
                raise InputError(f"{file} has no array {name!r}{hint}; it holds: {held}", path)
            array = archive[name]
    except DataError as error:
        raise InputError(str(error), path) from error
    except InputError:
        raise
    except Exception as error:  # a damaged archive may raise anything in its readers
        raise InputError(
            f"{file}: not a whole .npz file of plain arrays ({error})", path
        ) from error
    if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        raise InputError(f"array {name!r} of {file} is not made of finite numbers", path)
    if array.size > MOST:
        raise InputError(
            f"array {name!r} of {file} has {array.size} numbers; a suite takes {MOST} at most", path
        )
    return array.astype(float).tolist()
