"""Data sets of OpenML, fetched once by scikit-learn and kept as arrays."""

import hashlib
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from otlvm.data.arrays import split
from otlvm.data.base import DataError, Dataset, datasets
from otlvm.data.binarize import Binarize
from otlvm.data.errors import listed, reason
from otlvm.data.mnist import ROOT_VARIABLE
from otlvm.data.paths import check_file, exists, locate
from otlvm.scaling import Scale

Arrays = dict[str, NDArray[Any]]


@datasets.register("openml")
def openml(
    data_id: int,
    root: str | None = None,
    download: bool = False,
    target: str | None = None,
    test_fraction: float = 0.2,
    split_seed: int = 0,
    stratify: bool = True,
    span: float | None = None,
    scale: Scale = "none",
    binarize: Binarize | None = None,
) -> Dataset:
    """A data set of openml.org whose features are numbers, fetched once and kept in a file.

    Args:
        data_id: Its number, which stands for one version of it for ever.
        root: The folder that holds ``openml``; without it the environment's ``OTLVM_DATA``.
        download: Fetch it if it is not there.
        target: The column of labels; without it the one that OpenML says, which is no feature
            either way.
        test_fraction: Share (of each class) that is held out.
        split_seed: Seed of the split.
        stratify: Split each class in the same proportion; false splits without regard to them.
        span: The largest value that pixels can have: they are divided by it.
        scale: ``none``, or ``unit`` or ``standard`` for each feature, fitted to training data.
        binarize: Black and white, drawn once (``static``) or in each batch (``dynamic``).
    """
    # The variable is the shell's, whose paths start where the shell is.
    variable = os.environ.get(ROOT_VARIABLE)
    if not (root or variable):
        raise DataError(
            f"where is the data set {data_id}? Give 'root:', the folder that holds openml, or set "
            f"{ROOT_VARIABLE}; 'download: true' fetches it there"
        )
    folder = (locate(root) if root else Path(str(variable)).expanduser().absolute()) / "openml"
    file = folder / (f"{data_id}.npz" if target is None else f"{data_id}-{_plain(target)}.npz")
    if not exists(file):
        if not download:
            raise DataError(f"{file} is missing: correct 'root:', or set 'download: true'")
        _keep(file, data_id, target)
    arrays = _read(file)
    return split(
        str(arrays["name"]),
        arrays["x"],
        arrays.get("y"),
        test_fraction,
        split_seed,
        stratify=stratify,
        span=span,
        scale=scale,
        binarize=binarize,
    )


def _plain(target: str) -> str:
    """A name for files; columns whose names differ in other signs have files of their own."""
    plain = "".join(char if char.isalnum() else "_" for char in target)
    own = hashlib.sha256(target.encode()).hexdigest()[:8]
    return plain if plain == target else f"{plain}-{own}"


def _keep(file: Path, data_id: int, target: str | None) -> None:
    """Fetch a data set into a file, and the file's checksum into one beside it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Processes that start together download once: the others find the file.
        with FileLock(file.parent / ".download.lock"), TemporaryDirectory(dir=file.parent) as new:
            if exists(file):
                return
            aside = Path(new, "new.npz")
            np.savez_compressed(aside, **_fetch(data_id, target))  # type: ignore[arg-type]
            _checksum_of(file).write_text(_digest(aside) + "\n")
            aside.replace(file)
    except OSError as error:  # no network too
        raise DataError(
            f"cannot fetch the data set {data_id} from openml.org to {file}: {reason(error)}; try "
            f"again, or bring the file and the one beside it from another machine"
        ) from error


def _fetch(data_id: int, target: str | None) -> Arrays:
    from sklearn.datasets import fetch_openml  # takes seconds, and only this needs it

    wanted = {} if target is None else {"target_column": target}
    try:
        found = fetch_openml(
            data_id=data_id, cache=False, as_frame=False, parser="liac-arff", **wanted
        )
    except (ValueError, KeyError) as error:  # no such number or column, other content
        raise DataError(f"openml.org, data set {data_id}: {reason(error)}") from error
    # Another column is asked for: the usual labels are no feature.
    usual = (found.details.get("default_target_attribute") or "").split(",")
    kept = [place for place, name in enumerate(found.feature_names) if name not in usual]
    names = [found.feature_names[place] for place in kept]
    names = [name for name in names if name in (found.categories or {})]
    if names:
        raise DataError(
            f"openml.org, data set {data_id}: {listed(names)} hold categories and no numbers: "
            f"make numbers of them, and put them into an npz file"
        )
    x = found.data if isinstance(found.data, np.ndarray) else found.data.toarray()
    arrays = {"name": np.array(found.details["name"]), "x": x[:, kept].astype(np.float64)}
    if found.target is not None:
        y = np.asarray(found.target)
        arrays["y"] = y.astype(np.str_) if y.dtype == object else y
    return arrays


def _checksum_of(file: Path) -> Path:
    return file.with_suffix(".sha256")


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _read(file: Path) -> Arrays:
    """Read a file that was kept, if it is what it was."""
    checksum = _checksum_of(file)
    for each in filter(exists, (file, checksum)):
        check_file(each, each, "delete it, and set 'download: true'")
    try:
        whole = _digest(file) == checksum.read_text().strip()
    except OSError as error:
        raise DataError(
            f"{file} cannot be told whole ({reason(error)}): delete it, and set 'download: true'"
        ) from error
    if not whole:
        raise DataError(
            f"{file} is not what was fetched: its checksum is not that of {checksum.name}; delete "
            f"it, and set 'download: true'"
        )
    with np.load(file) as archive:
        return dict(archive)
