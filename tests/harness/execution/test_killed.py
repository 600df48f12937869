"""A harness that is killed, at any moment, loses nothing."""

import os
import random
import signal
import time

import pytest

from otlvm.training import Checkpoints
from tests.harness.execution.faults import Harness, check_whole, gone, records, row, run

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("nothing_left")]


def test_killed_at_random_moments_and_started_again(reference, tmp_path):
    suite, whole = reference
    out, dice, seen, kills = tmp_path / "out", random.Random(0), {}, 0
    longest = max(record["wall_seconds"] for record in records(whole).values())
    for count in range(20):
        harness = Harness(suite, out)
        early = count % 4 == 0
        if early:  # while it starts
            time.sleep(dice.uniform(0.5, 5))
        else:
            while not harness.works(out) and harness.process.poll() is None:
                time.sleep(0.005)
            time.sleep(dice.uniform(0, longest / 4))
        if harness.process.poll() is not None:
            assert harness.end()[0] == 0
            break
        harness.kill()
        kills += 1
        assert gone(harness, 10 if early else 3)  # the fork server may have to end its imports
        for path in out.glob("runs/*/record.json"):
            assert seen.setdefault(path, path.read_bytes()) == path.read_bytes()
    assert kills >= 4  # how many it takes until all is done is the machine's
    code, _, errors = run(suite, out)
    assert code == 0, errors
    check_whole(out, whole)
    for path, content in seen.items():  # none was computed twice
        assert path.read_bytes() == content


def test_killed_while_it_writes_a_checkpoint_or_commits(reference, tmp_path):
    suite, whole = reference
    out = tmp_path / "out"
    options = ("--only", "heavy", "--set", "seeds=[0]")
    harness = Harness(suite, out, *options)
    log = harness.wait(lambda: next(out.glob("work/*/log.txt"), None))
    place = log.parent / "checkpoint"
    harness.wait(place.exists)
    harness.wait(place.with_name("checkpoint.new").exists, every=0)
    child = next(pid for pid in harness.processes() if os.getpgid(pid) == pid != os.getpgid(0)
                 and pid != harness.process.pid)  # fmt: skip
    part = place.with_name("checkpoint.new")

    def half_written():
        try:
            return part.stat().st_size < place.stat().st_size
        except FileNotFoundError:
            return False

    harness.wait(lambda: not part.exists(), every=0)
    harness.wait(half_written, every=0)
    for pid in (child, harness.process.pid):  # first who writes
        os.kill(pid, signal.SIGKILL)
    harness.kill()
    assert gone(harness, 3)
    assert part.stat().st_size < place.stat().st_size
    state = Checkpoints(place, identity=place.parent.name).load()
    assert 20 <= state["history"]["steps"] < 300
    # Once more, after the result is written and before it is committed.
    harness = Harness(suite, out, *options)
    written = harness.wait(lambda: next(place.parent.glob("try-*/result/record.json"), None), 0)
    harness.kill()
    assert gone(harness, 3)
    assert list((out / "runs").iterdir()) == []
    content = written.read_bytes()
    time.sleep(1)
    code, _, errors = run(suite, out, *options)
    assert code == 0, errors
    assert (out / "runs" / place.parent.name / "record.json").read_bytes() == content
    check_whole(out, whole)


LITTER = """\
import os
from pathlib import Path
from otlvm.divergences import SampleDivergence

class Litters(SampleDivergence):
    def __init__(self):
        super().__init__()
        self.done = False
    def between(self, x, a, y, b):
        if not self.done:  # so that the harness has something to tidy up for a while
            folder = Path(os.readlink("/proc/self/fd/1")).with_name("litter")
            folder.mkdir()
            for count in range(20_000):
                (folder / str(count)).touch()
        self.done = True
        return x.square().mean()
"""


def test_killed_while_it_tidies_up_after_a_commit(write):
    suite, out = write([row("litters", "'bad:Litters'")], LITTER)
    harness = Harness(suite, out)
    harness.wait(lambda: list(out.glob("runs/*/record.json")))
    harness.kill()
    (work,) = (out / "work").iterdir()
    assert any((work / "litter").iterdir())
    before = records(out)
    code, _, errors = run(suite, out)
    assert code == 0, errors
    assert records(out) == before
    assert list((out / "work").iterdir()) == []
    assert list((out / "leases").glob("*.json")) == []
