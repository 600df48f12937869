"""Two harnesses and one folder, in this process: stopped, killed and gone on at random."""

import json
import os
import random
import time
from dataclasses import dataclass, field

import pytest

from otlvm.harness.execution import scheduler as scheduler_module
from otlvm.harness.execution.child import End
from otlvm.harness.execution.scheduler import Scheduler
from otlvm.harness.execution.stops import Stops
from otlvm.harness.execution.task import Task
from otlvm.harness.job import Job
from otlvm.harness.store import leases as leases_module
from otlvm.harness.store.record import new_record, run_id
from otlvm.harness.store.result import write_result
from otlvm.harness.store.store import Store


class KilledError(Exception):
    """The harness is gone, and has given nothing back."""


@dataclass
class Told:
    """An observer that remembers."""

    lines: list = field(default_factory=list)

    def start(self, job):
        self.lines.append(("begun", ""))

    def row(self, job, row):
        pass

    def wait(self, job, note):
        self.lines.append(note)

    def finish(self, job, record, note=""):
        self.lines.append((record and record["status"], note))


@dataclass
class Handle:
    """A run that takes two looks; what happens at each is up to the test."""

    job: Job
    folder: object
    happens: object
    looks: int = 0
    killed: bool = False

    def poll(self):
        self.looks += 1
        end = self.happens(self)
        if end is not None or self.looks < 2:
            return end
        work(self)
        return End("finished")

    def progress(self):
        return None

    def stop(self, grace):
        pass

    def kill(self):
        self.killed = True

    def tell_neighbours(self, count):
        pass


def work(handle):
    """Write a result, as a process does."""
    result = handle.folder / "result"
    assert not result.exists(), "two write into one folder"
    write_result(result, new_record(handle.job.identity(), "row", "done"), [], None)


class Places:
    """A launcher; ``slots`` at a time."""

    def __init__(self, happens=lambda handle: None, slots=1):
        self.happens, self.slots, self.launched = happens, slots, []

    def launch(self, job, folder):
        self.launched.append(Handle(job, folder, self.happens))
        return self.launched[-1]


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    for name in ("POLL_SECONDS", "LOOK_ELSEWHERE_SECONDS", "HEARTBEAT_SECONDS", "COUNT_SECONDS"):
        monkeypatch.setattr(scheduler_module, name, 0.0)


def job(number=0):
    identity = {"config": {"n": number}, "seed": 0, "data_checksum": "", "code": ""}
    return Job(run_id(identity), **identity, label="row")


def harness(root, happens=lambda handle: None, slots=1):
    store, told = Store(root), Told()
    store.open_for_writing()
    return Scheduler(store, Places(happens, slots), told, Stops())


def grow_old(root, seconds=3600):
    """What a lease looks like whose owner was stopped for an hour."""
    for path in (root / "leases").glob("*.json"):
        os.utime(path, (time.time() - seconds,) * 2)


def check_whole(root, jobs):
    store = Store(root)
    assert sorted(path.name for path in store.runs.iterdir()) == sorted(each.id for each in jobs)
    for each in jobs:
        assert store.record(each.identity())["status"] == "done"  # read, and its digest checked
        assert store.record(each.id)["files"] == {}
    assert list(store.work.iterdir()) == []
    assert list((root / "leases").glob("*.json")) == []


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "under way"])
def test_whoever_lost_its_lease_commits_nothing(tmp_path, finished):
    folders = []

    def other_harness(handle):
        """We are stopped for an hour; another takes the run over, and we go on."""
        if handle.looks > 1:
            return
        folders.append(handle.folder)
        (handle.folder / "checkpoint").write_bytes(b"state")
        grow_old(tmp_path)

        def look(other):
            folders.append(other.folder)
            assert (other.folder / "checkpoint").read_bytes() == b"state"

        second = harness(tmp_path, look)
        if finished:
            second.run([Task(job())])
        else:
            second._begin(Task(job()))
            second._collect()

    first = harness(tmp_path, other_harness)
    if finished:
        first.run([Task(job())])
        check_whole(tmp_path, [job()])
        assert first.observer.lines[-1] == ("done", "by another process")
    else:
        first._begin(Task(job()))
        first._collect()
        first._heartbeat()
        assert first.launcher.launched[0].killed
        assert not first._running
        assert list(first._elsewhere) == [Task(job())]
        assert first.store.record_or_none(job().id) is None
    assert len(set(folders)) == 2


def test_killed_stopped_and_gone_on_at_random(tmp_path):
    """Some 300 looks at 100 runs: nothing is double, broken or lost."""
    dice = random.Random(0)
    jobs = [job(number) for number in range(100)]
    committed = {}

    def happens(handle, depth=0):
        for path in (tmp_path / "runs").glob("*/record.json"):
            assert committed.setdefault(path, path.read_bytes()) == path.read_bytes()
        what = dice.choice(["nothing", "nothing", "killed", "stopped", "deleted", "lost server"])
        if what == "killed":
            grow_old(tmp_path)
            raise KilledError
        if what == "deleted":
            for path in (tmp_path / "leases").glob("*.json"):
                path.unlink()
        if what == "lost server" and handle.looks == 1:
            return End("server lost", "gone")
        if what == "stopped" and depth < 2:
            if dice.random() < 0.5:
                work(handle)  # its process goes on while the harness is stopped
                handle.looks = -(10**6)
            grow_old(tmp_path)
            other = harness(tmp_path, lambda inner: happens(inner, depth + 1))
            try:
                other.run([Task(dice.choice(rest))])
            except KilledError:
                grow_old(tmp_path)
            if handle.looks < 0:
                return End("finished")
        return None

    for start in range(0, 100, 4):
        rest = jobs[start : start + 4]
        for _ in range(100):
            try:
                harness(tmp_path, happens, slots=2).run([Task(each) for each in rest])
                break
            except KilledError:
                continue
    check_whole(tmp_path, jobs)


def test_a_lease_that_somebody_deleted_costs_no_result(tmp_path):
    def delete(handle):
        (tmp_path / "leases" / f"{handle.job.id}.json").unlink(missing_ok=True)

    harness(tmp_path, delete).run([Task(job())])
    check_whole(tmp_path, [job()])


def test_a_server_that_ends_costs_no_run(tmp_path):
    ends = iter([End("server lost", "gone"), End("server lost", "gone")])
    again = harness(tmp_path, lambda handle: next(ends, None))
    again.run([Task(job())])
    check_whole(tmp_path, [job()])
    assert len(again.launcher.launched) == 3


@pytest.mark.parametrize(
    ("how", "tries", "status"),
    [("crashed", 2, "failed"), ("server lost", 5, "failed"), ("timeout", 1, "timeout"),
     ("memory", 1, "memory"), ("workers lost", 1, "failed")],
)  # fmt: skip
def test_a_run_is_blamed_when_it_ends_badly_again(tmp_path, how, tries, status):
    bad = harness(tmp_path, lambda handle: End(how, "why", "log"))
    bad.run([Task(job())])
    assert len(bad.launcher.launched) == tries
    record = bad.store.record(job().id)
    assert (record["status"], record["reason"]) == (status, "why")


def test_a_run_of_other_code_leaves_no_record_and_costs_no_other(tmp_path):
    changed = job(0)
    after = Job(**{**vars(job(1)), "start": changed})

    def happens(handle):
        return End("other code", "it was edited") if handle.job.id == changed.id else None

    told = harness(tmp_path, happens)
    told.run([Task(changed), Task(after), Task(job(2))])
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [job(2).id]
    assert list((tmp_path / "leases").glob("*.json")) == []
    reasons = [note for status, note in told.observer.lines[1:] if status is None]
    assert reasons[0].startswith("not executed, for it was edited; the same command")
    assert "the run that it starts from, row, was not executed" in reasons[1]


def test_a_harness_says_whom_it_waits_for(tmp_path):
    first = harness(tmp_path)
    first._begin(Task(job()))
    path = tmp_path / "leases" / f"{job().id}.json"
    owner = json.loads(path.read_text()) | {"host": "far-away", "pid": 7, "token": "other"}
    path.write_text(json.dumps(owner))
    second = harness(tmp_path)
    assert not second._begin(Task(job()))
    second._tell_whom_we_wait_for(job())
    second._tell_whom_we_wait_for(job())
    (line,) = second.observer.lines
    assert line.startswith("waits for far-away, process 7, which gave a sign of life 0 s ago")
    assert "1 min 00 s" in line


def test_containers_of_one_name_see_each_others_processes_not(tmp_path):
    """The number of a process in another container says nothing here."""
    ours, theirs = Store(tmp_path).leases, Store(tmp_path).leases
    theirs._owner |= {"processes": "another container", "pid": 2**22 + 1}
    assert theirs.acquire("r")
    assert not ours.acquire("r")
    grow_old(tmp_path, leases_module.STALE_SECONDS + 1)
    assert ours.acquire("r")
    assert not theirs.holds("r")
    assert not theirs.touch("r")


@pytest.mark.parametrize(("ahead", "alive"), [(30, True), (86400, False)])
def test_a_lease_of_the_future_holds_nobody_up(tmp_path, ahead, alive):
    theirs = Store(tmp_path).leases
    theirs._owner |= {"host": "elsewhere"}
    assert theirs.acquire("r")
    grow_old(tmp_path, -ahead)
    assert Store(tmp_path).leases.acquire("r") != alive


def test_a_folder_that_can_only_be_read_is_looked_at(tmp_path, monkeypatch):
    theirs = Store(tmp_path).leases
    assert theirs.acquire("r")

    def refuse(self, *_, **__):
        raise OSError(30, "Read-only file system", str(self))

    monkeypatch.setattr(leases_module.Path, "touch", refuse)
    assert str(os.getpid()) in Store(tmp_path).leases.owner("r")
