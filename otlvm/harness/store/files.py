"""Files written whole, flushed to the disk, packed as bytes."""

import io
import json
import os
import re
import socket
import stat
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from otlvm.wording import encodable

MOST_BYTES = 2**28
"""No file of ours that is read whole is larger; what is was made by something else."""
FORGOTTEN_SECONDS = 86_400.0
"""No file takes a day to be written."""
OURS = ".otlvm-"
ASIDE = re.compile(re.escape(OURS) + r"(?P<host>.+?)-(?P<pid>\d{1,9})-.+")
DEEPEST = 900
"""JSON of ours nests a dozen deep; a parser's stack has room for some thousands."""
TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""The JSON of half a character, and of either half of a whole one."""
TIME = "otlvm.mtime_ns"  # a record knows its files by their time, to the nanosecond


@contextmanager
def replacing(path: Path, flush: bool = False) -> Iterator[Path]:
    """Yield a file of one's own to write to; at the end it takes the given one's place.

    The file is there whole or not at all, however many write and read it meanwhile: two harnesses
    may share a folder, and each draws its tables and figures when it ends.

    Args:
        path: The file.
        flush: Write it through to the disk first.
    """
    aside = path.with_name(f"{OURS}{socket.gethostname()}-{os.getpid()}-{path.name}")
    try:
        yield aside
        if flush:
            synchronize(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def read_json(path: Path) -> Any:
    """Read a JSON file that may be anybody's: its texts are such that any file can hold them.

    Raises:
        FileNotFoundError: If there is none.
        NotADirectoryError: If a folder on its path is a file.
        ValueError: If it is no JSON, no file, too large or nested too deeply.
    """
    check_readable(path)
    content = path.read_bytes()
    if _depth(content) > DEEPEST:
        raise ValueError("it is nested too deeply")
    try:
        value = json.loads(content)
        return _as_text(value) if HALF.search(content) else value
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _depth(content: bytes) -> int:
    """Return how deep JSON nests, or a number that is larger if it is small.

    The parser would find out by recursion, whose limit others may have set higher than the stack.
    """
    opened = content.count(b"[") + content.count(b"{")
    if opened <= DEEPEST:
        return opened
    import numpy as np  # few files come here

    signs = np.frombuffer(TEXT.sub(b"", content), dtype=np.uint8)
    steps = np.isin(signs, [*b"[{"]).astype(np.int8) - np.isin(signs, [*b"]}"]).astype(np.int8)
    return int(steps.cumsum(dtype=np.int32).max(initial=0))


def _as_text(value: Any) -> Any:
    """Write halves of characters as codes, wherever they are."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {encodable(key): _as_text(inner) for key, inner in value.items()}
    return [_as_text(inner) for inner in value] if isinstance(value, list) else value


def check_readable(path: Path, most: int = MOST_BYTES) -> None:
    """Refuse what ends never, or fills the memory, when it is read: pipes, devices, huge files.

    Raises:
        FileNotFoundError: If there is none.
        NotADirectoryError: If a folder on its path is a file.
        ValueError: If it cannot be read.
    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, RuntimeError) as error:  # a circle of links, a name that is too long
        raise ValueError(f"it cannot be read: {error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no file")
    if status.st_size > most:
        raise ValueError(f"it has {status.st_size:,} bytes, more than the {most:,} that we read")


def tidy_replacements(folder: Path) -> None:
    """Remove files that killed processes wanted to put in the place of others; see `replacing`."""
    for path in folder.glob(f"{OURS}*-*-*"):
        found = ASIDE.fullmatch(path.name)
        if found is None or not path.is_file():
            continue
        here = found["host"] == socket.gethostname()
        dead = here and not psutil.pid_exists(int(found["pid"]))
        with suppress(OSError):  # its owner, or another like us, was faster
            if dead or time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
                path.unlink()


def synchronize(path: Path) -> None:
    """Flush a file or a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def pack(folder: Path, names: Sequence[str]) -> bytes:
    """Pack those of the named files and folders that exist: how a run travels between machines."""

    def with_time(member: tarfile.TarInfo) -> tarfile.TarInfo:
        time = (folder / member.name).stat().st_mtime_ns
        member.pax_headers = {TIME: str(time)}
        return member

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in names:
            if (folder / name).exists():
                archive.add(folder / name, arcname=name, filter=with_time)
    return buffer.getvalue()


def unpack(content: bytes, folder: Path) -> None:
    """Write what `pack` packed, through to the disk; nothing lands outside the folder."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        archive.extractall(folder, filter="data")
        for member in archive.getmembers():
            path, time = folder / member.name, int(member.pax_headers[TIME])
            os.utime(path, ns=(time, time))
            synchronize(path)
