"""A result on disk: one folder, complete if its record is there, checked whenever it is read."""

import csv
import hashlib
import json
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from otlvm.harness.config import without_places
from otlvm.harness.store.files import read_json, replacing, synchronize
from otlvm.harness.store.form import misshapen
from otlvm.harness.store.record import (
    IDENTITY,
    PICTURES,
    SCHEMA,
    DamagedResultError,
    ForeignResultError,
    Record,
    Row,
    run_id,
)
from otlvm.wording import flow


def write_result(
    folder: Path,
    record: Row,
    curves: Sequence[Mapping[str, float]],
    save_model: Callable[[Path], None] | None,
    pictures: Mapping[str, NDArray[Any]] | None = None,
) -> None:
    """Write a result's files, and last its record, each of them through to the disk.

    Args:
        folder: An empty or new folder.
        record: What `new_record` built.
        curves: Rows of the learning curve.
        save_model: Writes the model to a directory, if there is one.
        pictures: Arrays that show what the model does, by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if curves:
        with (folder / "curves.csv").open(
            "w", newline="", encoding="utf-8", errors="backslashreplace"
        ) as file:
            names = dict.fromkeys(key for row in curves for key in row)
            writer = csv.DictWriter(file, fieldnames=list(names))
            writer.writeheader()
            writer.writerows(curves)
    if save_model is not None:
        save_model(folder / "model")
    if pictures:
        arrays: dict[str, Any] = {**pictures}
        np.savez_compressed(folder / PICTURES, **arrays)
    _seal(folder, record)


def copy_result(source: Path, record: Record, folder: Path, names: Sequence[str]) -> None:
    """Copy a result with some of its files.

    Args:
        source: Its folder.
        record: What `read_result` gave for it.
        folder: A new folder.
        names: Which of the record's files, by their names there.
    """
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, folder / name)
    _seal(folder, record)


def _seal(folder: Path, record: Mapping[str, Any]) -> None:
    """Write the record of the files that are there, all of them through to the disk."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    content = {
        "schema": SCHEMA,
        **record,
        "id": run_id(record),
        "files": {path.relative_to(folder).as_posix(): _fingerprint(path) for path in files},
    }
    content["digest"] = _digest(content)
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    for path in files:
        synchronize(path)
    with replacing(folder / "record.json", flush=True) as aside:
        aside.write_text(text, encoding="utf-8")
    for path in (*{path.parent for path in files}, folder):
        synchronize(path)


def read_result(folder: Path, expected: str | Mapping[str, Any]) -> Record | None:
    """Read and check the record of a result.

    Args:
        folder: The result's folder.
        expected: Its id, or the fields of `IDENTITY` that it must have.

    Returns:
        The record; None if there is no folder.

    Raises:
        DamagedResultError: If a file is truncated, empty, changed or garbage.
        ForeignResultError: If schema or content are not what the place says; shows the difference.
    """
    try:
        record = read_json(folder / "record.json")
    except (FileNotFoundError, NotADirectoryError) as error:
        if not folder.is_dir():
            return None
        raise DamagedResultError(f"{folder} holds no record") from error
    except ValueError as error:
        raise DamagedResultError(
            f"{folder / 'record.json'} is not a complete record: {error}"
        ) from error
    if not isinstance(record, dict) or "schema" not in record:
        raise DamagedResultError(f"{folder / 'record.json'} is not a record")
    if record["schema"] != SCHEMA:
        raise ForeignResultError(f"{folder}: schema {record['schema']}, expected {SCHEMA}")
    if (name := misshapen(record)) is not None:
        raise DamagedResultError(f"{folder / 'record.json'} has no {name}, or not as we write it")
    _check_identity(folder, record, expected)
    if record["digest"] != _digest(record):
        raise DamagedResultError(f"{folder / 'record.json'} was changed after it was written")
    for name, fingerprint in record["files"].items():
        _check_file(folder / name, fingerprint)
    return cast(Record, record)


def differences(found: Any, expected: Any, path: str = "") -> Iterator[str]:
    """Yield a line for each value in which two nested mappings differ."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in sorted(found.keys() | expected.keys()):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(found.get(key), expected.get(key), inner)
    elif found != expected:
        yield f"{path}: {flow(found)} there, {flow(expected)} expected"


def _check_identity(folder: Path, record: Row, expected: str | Mapping[str, Any]) -> None:
    if isinstance(expected, str):
        found = run_id(record)
        if found == expected == record["id"]:
            return
        lines = [f"its content is that of {found}, its id {record['id']}, {expected} is expected"]
    else:
        there, wanted = (
            {key: without_places(part[key]) for key in IDENTITY} for part in (record, expected)
        )
        if there == wanted and record["id"] == expected.get("id", record["id"]):
            return
        lines = [f"its id is {record['id']}", *differences(there, wanted)]
    raise ForeignResultError(f"{folder} holds another run's result:\n  " + "\n  ".join(lines))


def _digest(record: Mapping[str, Any]) -> str:
    content = {key: value for key, value in record.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _fingerprint(path: Path) -> dict[str, Any]:
    status = path.stat()
    return {
        "size": status.st_size,
        "mtime_ns": status.st_mtime_ns,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _check_file(path: Path, expected: Mapping[str, Any]) -> None:
    """Compare size and time, and where the time differs, as after a copy, the content."""
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise DamagedResultError(f"{path} is missing") from error
    if not stat.S_ISREG(status.st_mode):
        raise DamagedResultError(f"{path} is no file")
    if status.st_size != expected["size"]:
        raise DamagedResultError(f"{path} has {status.st_size} bytes of {expected['size']}")
    untouched = status.st_mtime_ns == expected["mtime_ns"]
    if not untouched and hashlib.sha256(path.read_bytes()).hexdigest() != expected["sha256"]:
        raise DamagedResultError(f"{path} was changed after it was written")
