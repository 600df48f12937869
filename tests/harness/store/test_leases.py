"""Whether the process that a lease names lives: what start times and systems may show."""

import json
import os
import socket
import subprocess
import time

import psutil
import pytest

from otlvm.harness.store import leases as leases_module
from otlvm.harness.store.leases import Leases


@pytest.fixture
def leased(tmp_path):
    """Write a lease of this host, touched a moment ago; returns its owner as others see it."""
    ours = Leases(tmp_path / "leases")
    mine = {"host": socket.gethostname(), "pid": os.getpid()}
    mine["started"] = psutil.Process().create_time()

    def write(**changes):
        (tmp_path / "leases").mkdir(exist_ok=True)
        (tmp_path / "leases" / "r.json").write_text(json.dumps({**mine, **changes}))
        return ours.owner("r")

    return write


@pytest.mark.parametrize(("seconds", "alive"), [(-20, True), (0, True), (20, True), (3600, False)])
def test_a_clock_that_is_set_makes_no_process_another(leased, seconds, alive):
    started = psutil.Process().create_time() + seconds
    assert (leased(started=started) is not None) == alive


def test_a_process_that_is_dead_but_not_buried_holds_nothing(leased):
    process = subprocess.Popen(["true"])
    time.sleep(0.3)
    started = psutil.Process(process.pid).create_time()
    assert leased(pid=process.pid, started=started) is None
    process.wait()
    assert leased(pid=process.pid, started=started) is None


@pytest.mark.parametrize("pid", [-1, 0, 2**31, 2**70, 1.5, True, "1", None, [1]])
@pytest.mark.parametrize("started", [0.0, "1", None])
def test_numbers_of_no_process_hold_nothing(leased, pid, started):
    assert leased(pid=pid, started=started) is None


def test_a_process_that_cannot_be_looked_at_holds_its_lease(leased, monkeypatch):
    def refuse(pid):
        raise psutil.AccessDenied(pid)

    monkeypatch.setattr(leases_module.psutil, "Process", refuse)
    assert leased(started=1.0) is not None


def test_a_process_that_the_system_hides_holds_its_lease(leased, monkeypatch):
    def hide(pid):
        raise psutil.NoSuchProcess(pid)

    def kill(pid, number):
        assert number == 0
        raise PermissionError

    monkeypatch.setattr(leases_module.psutil, "Process", hide)
    assert leased(started=1.0) is None
    monkeypatch.setattr(leases_module.os, "kill", kill)
    assert leased(started=1.0) is not None
