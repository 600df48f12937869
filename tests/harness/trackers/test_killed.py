"""MLflow runs are not left open by a harness that is told to stop, or killed."""

import os
import shutil
import signal
import time

import pytest

from tests.harness.execution.faults import SUITE, Harness, gone, records, row, run
from tests.harness.trackers.mlflow_client import read_mlflow

SLOW = """\
import time
from pathlib import Path
from otlvm.divergences import SampleDivergence
from otlvm.harness.trackers import MLflow

class Waits(SampleDivergence):
    def between(self, x, a, y, b):
        time.sleep(.02)
        return x.square().mean()

class Slow(MLflow):
    def _log_pictures(self, run_id, pictures):
        Path(__file__).with_name("open").touch()
        while not Path(__file__).with_name("hurry").exists():
            time.sleep(.01)
        super()._log_pictures(run_id, pictures)
"""
ROWS = [row("quick", "imq_mmd"), row("long", "'slow:Waits'", ", train: {steps: 1000000}")]
QUICK = ("--only", "quick")

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("nothing_left")]


@pytest.fixture
def suite(tmp_path, empty_mlflow):
    """A suite whose tracker does not end while it logs, until it is told to hurry."""
    shutil.copy(empty_mlflow, tmp_path / "all.db")
    (tmp_path / "slow.py").write_text(SLOW)
    track = f"track: [{{name: 'slow:Slow', uri: 'sqlite:///{tmp_path / 'all.db'}'}}]\n"
    path = tmp_path / "suite.yaml"
    path.write_text(f"{SUITE.replace('steps: 300', 'steps: 20')}runs:\n{''.join(ROWS)}{track}")
    return path


def start(suite, out, *options):
    """Start it, and wait until a run is open in MLflow."""
    (suite.parent / "open").unlink(missing_ok=True)
    harness = Harness(suite, out, *options)
    harness.wait((suite.parent / "open").exists)
    return harness


def logged(suite):
    found = read_mlflow(f"sqlite:///{suite.parent / 'all.db'}", "faults")
    return {name: [run["status"] for run in runs] for name, runs in found.items()}


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"])
def test_the_harness_alone_while_another_run_trains(suite, tmp_path, name):
    harness = start(suite, tmp_path / "out")
    harness.process.send_signal(signal.Signals[name])
    harness.process.communicate(timeout=60)
    assert gone(harness, 10)
    assert logged(suite) == {"quick seed 0": ["KILLED"]}  # without another call


def test_all_processes_are_told_to_stop(suite, tmp_path):
    """As a batch system does."""
    harness = start(suite, tmp_path / "out")
    for pid in harness.processes():
        os.kill(pid, signal.SIGTERM)
    harness.process.communicate(timeout=60)
    assert gone(harness, 10)
    assert logged(suite) == {"quick seed 0": ["KILLED"]}


@pytest.mark.parametrize("again", [(), ("--rerun", "all")], ids=["kept", "computed again"])
def test_all_processes_are_killed_and_the_next_call_mends_it(suite, tmp_path, again):
    """As a node does that goes down."""
    harness = start(suite, tmp_path / "out", *QUICK)
    for pid in harness.processes():
        os.kill(pid, signal.SIGSTOP)  # so that none sees another end
    for pid in harness.processes():
        os.kill(pid, signal.SIGKILL)
    harness.process.communicate(timeout=60)
    assert gone(harness, 10)
    assert logged(suite) == {"quick seed 0": ["RUNNING"]}
    (digest,) = (record["digest"] for record in records(tmp_path / "out").values())
    moved = (tmp_path / "out").rename(tmp_path / "moved")
    (suite.parent / "hurry").touch()
    time.sleep(1.1)  # records count seconds
    code, _, errors = run(suite, moved, *QUICK, *again)
    assert (code, "tracker" in errors) == (0, False), errors
    same = digest in [record["digest"] for record in records(moved).values()]
    assert same == (not again)
    left = [] if same else ["KILLED"]  # the result that it was of is no more
    assert {name: sorted(found) for name, found in logged(suite).items()} == {
        "quick seed 0": ["FINISHED", *left],
        "tables and figures": ["FINISHED"],
    }
