"""The limit of memory, in processes of their own."""

import subprocess
import sys

import pytest

HELD = """
import torch
from otlvm.harness.worker.limits import ROOM, held_memory, limit_memory
torch.set_num_threads(1)
limit_memory(None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep no such limit")
def test_a_limit_that_cannot_hold_is_refused_and_one_that_can_is_kept():
    code = f"""{HELD}
try:
    limit_memory(1)
except MemoryError as error:
    print(error)
    least = int(str(error).split("use ")[1].split()[0])
limit_memory(least)
print(torch.ones(1_000).sum().item())
try:
    torch.ones(100_000_000)
except RuntimeError as error:
    print("full", "allocate memory" in str(error))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told, worked, full = ended.stdout.splitlines()
    assert told.startswith("memory_mb: 1 cannot hold: a run of this suite holds ")
    assert (worked, full) == ("1000.0", "full True")
