"""What a process keeps of the memory that it frees."""

import subprocess
import sys

import pytest

from otlvm.harness.worker import memory

CODE = """
import ctypes
import resource
from pathlib import Path
from otlvm.harness.worker.memory import keep_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]


def kept(size=50 * 2**20):
    before = resident()
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    libc.free(block)
    return (resident() - before) / size


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


print(kept(), keep_freed_memory(), kept())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the GNU C library's")
def test_large_blocks_are_kept():
    found = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    before, done, after = found.stdout.split()
    if done == "False":
        pytest.skip("another C library")
    assert float(before) < 0.5
    assert float(after) > 0.9


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    assert not memory.keep_freed_memory()
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert not memory.keep_freed_memory()
