"""What a run starts in sessions of its own ends with it, however it ends."""

import pytest

from tests.harness.execution.faults import Harness, gone, row, statuses

LEAVES = """\
import os, signal, subprocess, time
from otlvm.divergences import SampleDivergence

SLEEP = ["sleep", "300"]

def become_a_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                time.sleep(60)
        os._exit(0)
    os.wait()

class Leaves(SampleDivergence):
    def __init__(self, then: str):
        super().__init__()
        self.then, self.begun = then, False
    def between(self, x, a, y, b):
        if not self.begun:
            self.begun = True
            subprocess.Popen(SLEEP)
            subprocess.Popen(SLEEP, start_new_session=True)
            subprocess.Popen(["nohup", "setsid", *SLEEP])
            subprocess.run(["sh", "-c", "nohup setsid sleep 300 > /dev/null 2>&1 &"])
            become_a_daemon()
        if self.then == "hang":
            time.sleep(600)
        if self.then == "raise":
            raise RuntimeError("no")
        if self.then == "exit":
            os._exit(7)
        if self.then == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        return (a @ x - b @ y).square().sum()
"""

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("nothing_left")]


def leaves(then):
    return row(then, f"{{name: 'bad:Leaves', then: {then}}}")


def alive(harness):
    """Count what the harness started besides itself and its server."""
    return len(harness.processes()) - 2


def test_nothing_outlives_its_run(write):
    rows = [*map(leaves, ("hang", "raise", "exit", "kill", "go_on"))]
    suite, out = write(rows, LEAVES, **{"{checkpoint_every: 20}": "{timeout: 12 s}"})
    harness = Harness(suite, out, "--jobs", "1")
    harness.wait(lambda: alive(harness) >= 6, every=0.1)  # a run and what it left
    harness.wait(lambda: len(statuses(out)) == 4, every=0.1)
    assert alive(harness) <= 6
    assert harness.end()[0] == 1
    found = statuses(out)
    assert found.pop("hang") == "timeout"
    assert found.pop("go_on") == "done"
    assert set(found.values()) == {"failed"}
    assert gone(harness, 5)


def test_nothing_outlives_a_harness_that_is_killed(write):
    suite, out = write([leaves("hang")], LEAVES)
    harness = Harness(suite, out)
    harness.wait(lambda: alive(harness) >= 6, every=0.1)
    harness.kill()
    assert gone(harness, 20)
