"""Files that are written whole or not at all, however many write and read them meanwhile."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Yield a file of one's own to write to; at the end it takes the given one's place.

    Two harnesses may share a folder, and each draws its tables and figures when it ends.
    """
    aside = path.with_name(f".{socket.gethostname()}-{os.getpid()}-{path.name}")
    try:
        yield aside
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
