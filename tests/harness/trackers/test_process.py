"""A tracker that is told to stop can close what it has open, and is gone all the same."""

import os
import time

import pytest

from otlvm.harness.trackers.process import TrackerDownError, TrackerProcess
from otlvm.plugins import find_plugins_in

OWN = """\
import time
from otlvm.harness.trackers import Tracker

class Tidy(Tracker):
    def log_run(self, run):
        try:
            (self.root / "open").touch()
            time.sleep(1000)
        finally:
            (self.root / "open").rename(self.root / "closed")

    def log_suite(self, suite):
        (self.root / "written").touch()

class Deaf(Tidy):
    def log_run(self, run):
        while True:
            try:
                super().log_run(run)
            except KeyboardInterrupt:
                pass
"""


@pytest.fixture
def store(write_study):
    return write_study({"row": [{"metrics": {"accuracy": 0.5}}]})


@pytest.fixture
def start(store, tmp_path, plugins):
    """Start a tracker of one's own, and wait until it has something open."""
    (tmp_path / "tidy_or_not.py").write_text(OWN)
    find_plugins_in(tmp_path)
    started = []

    def start(name):
        tracker = TrackerProcess(name, {"name": f"tidy_or_not:{name}"}, store, "tiny")
        started.append(tracker)
        (cell,) = store.manifest()["runs"]
        tracker.put((cell["label"], cell["id"]))
        tracker.pump()
        wait_for(store.root / "open")
        return tracker

    yield start
    for tracker in started:
        tracker.kill()


def wait_for(path, seconds=60):
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_that_is_killed_at_work_closes_what_is_open(start, store):
    tracker = start("Tidy")
    tracker.kill()
    assert (store.root / "closed").exists()
    assert "KeyboardInterrupt" in tracker.log.read_text()


def test_one_that_does_not_listen_is_killed_all_the_same(start, store, monkeypatch):
    monkeypatch.setattr("otlvm.harness.trackers.process.GRACE_SECONDS", 0.5)
    tracker = start("Deaf")
    pid = tracker._process.pid
    began = time.monotonic()
    tracker.kill()
    assert time.monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_one_whose_harness_is_gone_closes_what_is_open_and_ends(start, store):
    tracker = start("Tidy")
    tracker._connection.close()  # as the system does when a process ends
    wait_for(store.root / "closed")
    tracker._process.join(10)
    assert not tracker._process.is_alive()
    tracker._asked = None


def test_one_that_somebody_else_tells_to_stop_is_down(start, store):
    tracker = start("Tidy")
    tracker._process.terminate()
    wait_for(store.root / "closed")
    assert tracker._connection.poll(10)
    with pytest.raises(TrackerDownError, match="it was told to stop"):
        tracker.pump()
