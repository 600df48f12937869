"""Memory that a step frees is kept for the next one."""

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""What ``mallopt`` of the GNU C library calls them (malloc.h)."""
NEVER, LARGE = 2**31 - 1, (2**30, 2**25)


def keep_freed_memory() -> bool:
    """Have the C library keep large blocks that are freed, where it is that of GNU.

    By default it gives those of some MiB back to the system, which hands them out again page by
    page, emptied, at the next step: a third of a step of convolutions. A process takes no more at
    its peak for it, and gives all back when it ends.

    Returns:
        Whether it will.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # another C library, such as musl
        return False
    mapped = any(mallopt(MMAP_THRESHOLD, size) for size in LARGE)  # before 2.35, 32 MiB at most
    return bool(mapped and mallopt(TRIM_THRESHOLD, NEVER))
