"""Turns: of several processes that read and write a store's manifest, one at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

WAIT_SECONDS = 60.0
"""How long to wait for another; one that was stopped (Ctrl-Z) may keep its turn for ever."""


@contextmanager
def turn(root: Path) -> Iterator[None]:
    """Wait until no other process writes a store's manifest, and keep the others waiting.

    After a minute it goes on without: whoever writes last then names what it knows, and every call
    writes once more when it ends.

    Args:
        root: The store's folder.
    """
    place = root / "leases"
    place.mkdir(parents=True, exist_ok=True)
    lock = FileLock(place / ".manifest.lock")
    try:
        held = lock.acquire(timeout=WAIT_SECONDS)
    except Timeout:
        yield
        return
    with held:
        yield
