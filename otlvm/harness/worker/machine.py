"""What a result depends on besides its config: versions, revision, machine, memory."""

import os
import platform
import resource
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import ThreadpoolController

from otlvm.harness.worker.given import cores

PACKAGES = ("torch", "numpy", "scikit-learn", "POT", "geomloss")
LEARNERS = ("torchvision", "scipy", "umap-learn", "pynndescent", "numba")
"""What clusterings and features are learnt with besides, where it is installed."""
MEBIBYTE = 2**20


def environment(place: str | torch.device) -> dict[str, Any]:
    """Describe the software and hardware, for a record."""
    device = torch.device(place)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else _processor()
    return {
        "python": platform.python_version(),
        "otlvm": version("otlvm"),
        **{package.lower(): version(package) for package in PACKAGES},
        "git": git_revision(),
        "platform": platform.platform(),
        "device": str(device),
        "device_name": name,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
    }


@cache
def learners() -> str:
    """Name the versions of all that clusterings and features are learnt with."""
    found = []
    for package in (*PACKAGES, *LEARNERS):
        with suppress(PackageNotFoundError):
            found.append(f"{package} {version(package)}")
    return ", ".join(found)


def _processor() -> str:
    """Return the processor's name; the platform module knows just its kind on Linux."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def git_revision() -> str | None:
    """Return the checkout's revision, ``-dirty`` if changed; None outside a checkout."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=Path(__file__).parent,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):  # no git, or no checkout
        return None


def reset_peak_memory(device: torch.device) -> None:
    """Start measuring peak memory afresh, where the platform can."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif sys.platform == "linux":
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:  # a container may forbid it; the peak is then that of the process so far
            return


def peak_memory(device: torch.device) -> float:
    """Peak memory since the reset, in MiB: of the device's tensors, or of the whole process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / MEBIBYTE
    if sys.platform == "linux":
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / MEBIBYTE if sys.platform == "darwin" else peak / 1024


def threads_each(jobs: int, threads: int | None) -> int:
    """Return torch's threads of each of several runs at a time; None shares the cores out."""
    return threads or max(1, cores() // max(1, jobs))


def limit_threads(threads: int) -> None:
    """Let torch take so many threads, and BLAS and OpenMP no more, as far as they are loaded.

    Threads that wait for a busy core cost more than they gain: K-means with two beside other runs
    takes many times the processor time of one.
    """
    for library in ThreadpoolController().lib_controllers:
        if (library.num_threads or 0) > threads:
            library.set_num_threads(threads)
    torch.set_num_threads(threads)
