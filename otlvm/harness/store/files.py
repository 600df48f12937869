"""Files written whole, flushed to the disk, packed as bytes."""

import io
import os
import socket
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

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
    aside = path.with_name(f".{socket.gethostname()}-{os.getpid()}-{path.name}")
    try:
        yield aside
        if flush:
            synchronize(aside)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


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
