"""Whether the process that a lease names lives: what start times and systems may show."""

import json
import os
import socket
import subprocess
import time

import psutil
import pytest

from otlvm.harness.execution import launchers
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


def test_an_owner_that_is_busy_is_kept_alive(tmp_path, monkeypatch):
    monkeypatch.setattr(leases_module, "HEARTBEAT_SECONDS", 0.01)
    leases, other = Leases(tmp_path), Leases(tmp_path)
    assert leases.acquire("r")
    with leases.kept_alive("r"):
        silence(tmp_path / "r.json")
        assert wait_for(lambda: other.owner("r"))
        (tmp_path / "r.json").write_text("{}")  # somebody has taken it: it is not taken back
        time.sleep(0.05)
        assert (tmp_path / "r.json").read_text() == "{}"
    assert leases.acquire("s")
    silence(tmp_path / "s.json")
    time.sleep(0.05)
    assert other.owner("s") is None


def silence(path):
    os.utime(path, (0, 0))


def wait_for(told, seconds=20):
    until = time.monotonic() + seconds
    while not (value := told()) and time.monotonic() < until:
        time.sleep(0.01)
    return value


def test_a_run_in_this_process_keeps_its_lease(run_main, write_suite, tmp_path, monkeypatch):
    monkeypatch.setattr(leases_module, "HEARTBEAT_SECONDS", 0.01)
    work, owners = launchers.work, []

    def work_long(job, folder, control):
        lease = tmp_path / "out" / "leases" / f"{job.id}.json"
        silence(lease)
        owners.append(wait_for(lambda: Leases(lease.parent).owner(job.id)))
        work(job, folder, control)

    monkeypatch.setattr(launchers, "work", work_long)
    suite = write_suite("runs: [{label: a, objective: vae}]\n")
    assert run_main(suite, "--out", tmp_path / "out", "--jobs", "0")[0] == 0
    assert owners == [f"{socket.gethostname()}, process {os.getpid()}"]
