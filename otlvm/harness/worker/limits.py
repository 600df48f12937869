"""What a run's process may hold: a limit that is set when it can be kept, and says so when not."""

import math
import resource
import sys
from pathlib import Path

import torch

MEBIBYTE = 2**20
ROOM = 64
"""MiB that a process needs beside what it holds when training begins."""
VARIES = 16
"""MiB by which what it holds may differ from one process to the next."""


def limit_memory(megabytes: int | None) -> None:
    """Let allocations beyond a limit fail, in this process, from now on.

    All of torch's threads run before, for each takes memory when it starts.

    Args:
        megabytes: MiB of data that the process may hold; None is the machine's limit.

    Raises:
        MemoryError: If the process holds too much already; the message says what would do.
    """
    if megabytes is None:
        return
    torch.ones(2**20).mul_(2).sum()
    torch.ones(256, 256) @ torch.ones(256, 256)
    held = held_memory()
    if held is not None and megabytes < held + ROOM:
        least = math.ceil((held + ROOM + VARIES) / 50) * 50
        raise MemoryError(
            f"memory_mb: {megabytes} cannot hold: a run of this suite holds {held:.0f} MiB before "
            f"it begins; use {least} or more"
        )
    limit = megabytes * MEBIBYTE
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = limit if most == resource.RLIM_INFINITY else min(limit, most)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, allowed))


def held_memory() -> float | None:
    """Return what counts against the limit now, in MiB; None where the system does not say."""
    if sys.platform == "linux":
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) / 1024
    return None
