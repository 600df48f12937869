"""Folders as bytes: how a run travels between machines that share no disk."""

import io
import os
import tarfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.record import synchronize

TIME = "otlvm.mtime_ns"  # a record knows its files by their time, to the nanosecond


def pack(folder: Path, names: Sequence[str]) -> bytes:
    """Pack those of the named files and folders that exist."""

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
