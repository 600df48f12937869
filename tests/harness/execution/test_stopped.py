"""A harness that is told to stop saves what it has."""

import os
import signal
import time

import pytest

from otlvm.training import Checkpoints
from tests.harness.execution.faults import (
    Harness,
    check_whole,
    gone,
    ids,
    made_after,
    records,
    row,
    run,
)

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("nothing_left")]


def test_stopped_by_sigterm_and_sigint_goes_on_bit_for_bit(reference, tmp_path):
    suite, whole = reference
    out = tmp_path / "out"
    options = ("--only", "imq")
    for number, done in ((signal.SIGTERM, 0), (signal.SIGINT, 1)):
        harness = Harness(suite, out, *options)
        harness.wait(lambda harness=harness: harness.works(out))
        harness.wait(lambda done=done: len(list(out.glob("runs/*/record.json"))) == done)
        place = out / "work" / ids(out)["imq", done] / "checkpoint"
        harness.wait(lambda place=place, began=harness.began: made_after(place, began))
        harness.process.send_signal(number)
        harness.process.wait(timeout=5)
        code, output, errors = harness.end()
        assert (code, output) == (130, "")
        assert f"{done} of 2 runs are finished and kept" in errors
        assert "the same command goes on from there" in errors
        assert gone(harness, 5)
        assert Checkpoints(place, identity=place.parent.name).load()["history"]["steps"] >= 20
        assert len(records(out)) == done
    code, _, errors = run(suite, out, *options)
    assert code == 0, errors
    check_whole(out, whole)


HANGS = """\
import time
from otlvm.divergences import SampleDivergence

class Hangs(SampleDivergence):
    def __init__(self):
        super().__init__()
    def between(self, x, a, y, b):
        time.sleep(1000)
"""


def test_second_sigint_stops_at_once(write):
    suite, out = write([row("hangs", "'bad:Hangs'")], HANGS)
    harness = Harness(suite, out)
    harness.wait(lambda: harness.works(out))
    time.sleep(1)
    harness.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert harness.process.poll() is None
    harness.process.send_signal(signal.SIGINT)
    harness.process.wait(timeout=5)  # less than the grace after the first
    code, _, errors = harness.end()
    assert code == 130
    assert "0 of 1 runs are finished" in errors
    assert gone(harness, 5)
    assert records(out) == {}
    assert "its state is saved" not in errors  # it was killed, and left no checkpoint


@pytest.mark.parametrize("when", ["before the first run", "while it runs"])
def test_signals_to_all_of_its_processes(write, when):
    """As a terminal's Ctrl-C does, and a batch system that ends a job."""
    suite, out = write([row("a", "imq_mmd")], **{"steps: 300": "steps: 100000"})
    harness = Harness(suite, out, start_new_session=True)
    if when == "while it runs":
        harness.wait(lambda: list(out.glob("work/*/checkpoint")))
        for pid in harness.processes():
            os.kill(pid, signal.SIGTERM)
    else:
        harness.wait(lambda: list(out.glob("leases/*.json")))
        time.sleep(0.5)
        os.killpg(harness.process.pid, signal.SIGINT)
    code, _, errors = harness.end()
    assert code == 130, errors
    assert "0 of 1 runs are finished" in errors
    assert gone(harness, 5)
    assert records(out) == {}
