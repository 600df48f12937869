"""How a process of ours leaves its parent, and how it ends with all that it started."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from otlvm.harness.processes import kill_group

MARK = "OTLVM_TEST_FAMILY"
START = (
    "import subprocess, sys, time\nfrom pathlib import Path\n"
    "from otlvm.harness.processes import leave_parent\nleave_parent(Path(sys.argv[1]))\n"
)
SLEEP = "['sleep', '300']"
DAEMONS = f"""
subprocess.Popen({SLEEP})
subprocess.Popen({SLEEP}, start_new_session=True)
subprocess.run(['sh', '-c', 'setsid sleep 300 &'])  # its parent has ended
print('begun', flush=True)
"""
AGAIN_AND_AGAIN = f"""
print('begun', flush=True)
while True:
    subprocess.Popen({SLEEP}, start_new_session=True)
    time.sleep(0.01)
"""


class Started:
    """A process as `multiprocessing` shows it."""

    def __init__(self, code, log):
        environment = {**os.environ, MARK: str(log)}
        self._process = subprocess.Popen([sys.executable, "-c", START + code, log], env=environment)
        self.pid = self._process.pid
        self.log = log
        deadline = time.monotonic() + 30
        while not log.exists() or "begun" not in log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def is_alive(self):
        return self._process.poll() is None

    def family(self):
        """Return all that lives of it, whoever its parents are."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == str(self.log):
                    found.append(process)
            except psutil.Error:
                continue
        return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def start(tmp_path):
    started = []

    def begin(code):
        started.append(Started(code, tmp_path / "log"))
        return started[-1]

    yield begin
    for process in started:
        process._process.kill()
        process._process.wait()
        for each in process.family():
            each.kill()


def until_alone(process):
    deadline = time.monotonic() + 10
    while process.family() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process.family() == []


def test_a_process_is_killed_with_sessions_and_orphans_that_it_started(start):
    process = start(DAEMONS + "time.sleep(300)")
    deadline = time.monotonic() + 10
    while len(process.family()) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(process.family()) == 4
    kill_group(process)
    assert until_alone(process)


def test_a_process_that_starts_others_meanwhile_is_killed_with_all_of_them(start):
    process = start(AGAIN_AND_AGAIN)
    time.sleep(0.5)
    assert len(process.family()) > 5
    kill_group(process)
    assert until_alone(process)


def test_of_a_process_that_has_ended_the_group_is_killed_and_nothing_else(start, monkeypatch):
    process = start(DAEMONS)
    process._process.wait()
    monkeypatch.setattr("otlvm.harness.processes.server", lambda: None)  # elsewhere than Linux
    monkeypatch.setattr(psutil, "Process", None)  # its number may be another's by now
    kill_group(process)
    monkeypatch.undo()
    deadline = time.monotonic() + 10
    while len(process.family()) > 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(process.family()) == 2  # in sessions of their own
    kill_group(process)  # nobody is there any more


def test_the_log_has_what_a_process_prints(start):
    process = start("import os\nprint('begun', flush=True)\nos.write(2, b'and errors')\n")
    process._process.wait()
    assert process.log.read_text() == "begun\nand errors"
