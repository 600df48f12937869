"""What this process is given of the machine, where a container may have less: cores and memory."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import torch

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
MEBIBYTE = 2**20


def cores() -> int:
    """Return how many threads compute at a time here.

    As many as torch would take, which heeds OMP_NUM_THREADS and the cores given to us, and no more
    than a container may use (Linux, cgroup v2).
    """
    quotas = [text.split() for text in _limits("cpu.max")]
    allowed = [int(quota) // int(period) for quota, period in quotas if quota != "max"]
    return max(1, min([torch.get_num_threads(), *allowed]))


def memory_mb() -> int:
    """Return the MiB of memory here: the machine's, or less in a container (Linux, cgroup v2)."""
    allowed = [int(text) for text in _limits("memory.max") if text != "max"]
    return min([psutil.virtual_memory().total, *allowed]) // MEBIBYTE


def _limits(name: str) -> Iterator[str]:
    """Yield what a file says in our control group, and in those around it."""
    try:
        lines = OWN.read_text(encoding="utf-8").splitlines()
    except OSError:  # no Linux
        return
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    for folder in (CGROUPS / own, *(CGROUPS / own).parents):
        if folder.is_relative_to(CGROUPS) and (folder / name).is_file():
            yield (folder / name).read_text(encoding="utf-8").strip()
