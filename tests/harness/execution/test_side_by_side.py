"""How many runs train at a time, and with how many threads, where nobody says it."""

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from otlvm.harness.execution import side_by_side
from otlvm.harness.execution.session import in_turn
from otlvm.harness.execution.side_by_side import share
from otlvm.harness.planning.plan import make_plan
from otlvm.harness.store.record import new_record
from otlvm.harness.store.result import write_result
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import load_suite
from otlvm.harness.worker import given
from otlvm.harness.worker.machine import limit_threads

VAE = "seeds: [{}]\nruns: [{{label: VAE, objective: vae}}]\n"


@pytest.fixture
def machine(monkeypatch):
    """Pretend to have so many cores, GiB of memory and GPUs."""

    def pretend(cores, gib=1000, gpus=0):
        monkeypatch.setattr(side_by_side, "cores", lambda: cores)
        monkeypatch.setattr(side_by_side, "memory_mb", lambda: 1024 * gib)
        monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)

    return pretend


@pytest.fixture
def plan_of(write_suite, tmp_path):
    def plan(added, **options):
        return make_plan(load_suite(write_suite(added)), Store(tmp_path / "out"), **options)

    return plan


@pytest.fixture
def eight(plan_of):
    return plan_of(VAE.format("0, 1, 2, 3, 4, 5, 6, 7"))


def found(plan, asked=None, threads=None, device="cpu", timed_alone=False):
    shared = share(plan, asked, threads, device, timed_alone)
    return shared.jobs, shared.threads


@pytest.mark.parametrize(
    ("cores", "threads", "jobs", "each"),
    [
        (1, None, 1, 1),
        (2, None, 2, 1),
        (8, None, 8, 1),
        (15, None, 8, 1),  # fewer runs than cores
        (16, None, 8, 2),
        (64, None, 8, 8),
        (8, 2, 4, 2),  # threads are asked for
        (8, 3, 2, 3),
        (8, 16, 1, 16),
    ],
)
def test_each_run_has_a_core_or_its_share_of_them(machine, eight, cores, threads, jobs, each):
    machine(cores)
    assert found(eight, threads=threads) == (jobs, each)
    assert found(eight, "auto", threads) == (jobs, each)


def test_memory_holds_all_runs(machine, eight, plan_of):
    machine(8, gib=7)
    assert found(eight) == (3, 2)  # of 2 GiB each
    machine(8, gib=1)
    assert found(eight) == (1, 8)
    limited = plan_of(VAE.format("0, 1, 2, 3") + "execution: {memory_mb: 4096}\n")
    machine(8, gib=9)
    assert found(limited) == (2, 4)


def test_a_gpu_has_one_run(machine, eight):
    machine(8, gpus=2)
    assert found(eight, device="cuda") == (2, 4)
    machine(8, gpus=1)
    assert found(eight, device="cuda") == (1, 8)


def test_what_the_user_says_is_done(machine, eight):
    machine(8)
    assert found(eight, 3) == (3, None)
    assert found(eight, 0) == (0, None)
    assert found(eight, 3, 2) == (3, 2)


@pytest.mark.parametrize(
    ("section", "alone"),
    [
        ("", False),  # the table shows all numbers, and nobody asked for this one
        ("table: {metrics: [accuracy, peak_mb]}", False),
        ("table: {metrics: [accuracy, {name: step_ms, digits: 2}]}", True),
        ("table: {order: fit_seconds}", True),
        ("claims: [accuracy of VAE > 0]", False),
        ("claims: [fit_seconds of VAE < 60]", True),
        ('metrics: ["clock:Clock"]', True),
    ],
)
@pytest.mark.usefixtures("plugins")
def test_a_suite_that_asks_for_times_has_one_run_at_a_time(
    machine, plan_of, tmp_path, monkeypatch, section, alone
):
    (tmp_path / "clock.py").write_text(
        "from otlvm.metrics import Metric\nfrom otlvm.numbers import Number\n\n\n"
        "class Clock(Metric):\n"
        "    numbers = (Number('ticks', 'ticks', 'low', 1, timing=True),)\n\n"
        "    def compute(self, model, data):\n        return {'ticks': 1.0}\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    machine(2)
    plan = plan_of(VAE.format("0, 1, 2") + section)
    assert found(plan) == ((1, None) if alone else (2, 1))
    assert found(plan, timed_alone=True) == (2, 1)
    assert found(plan, "auto") == (2, 1)


def test_what_is_left_to_do_does_not_change_the_threads(machine, plan_of):
    machine(4)
    rows = VAE.format("0, 1") + "baselines: [kmeans, {name: kmeans, n_init: 2}]\n"
    plan = plan_of(rows)
    assert found(plan) == (4, 1)
    assert found(plan_of(rows, only=["VAE"])) == (4, 1)
    assert found(plan_of(rows, shard=slice(0, None, 4))) == (4, 1)
    job, store = plan.jobs[0], plan.store
    facts = {"metrics": {"accuracy": 0.5}, "environment": {"threads": 2}}
    store.open_for_writing()
    write_result(
        store.runs / job.id, new_record(job.identity(), job.label, "done", **facts), [], None
    )
    assert found(plan_of(rows)) == (2, 2)  # as those that are kept
    assert (
        "2 threads each, as kept results had" in share(plan_of(rows), None, None, "cpu", False).note
    )
    assert found(plan_of(rows), threads=1) == (4, 1)
    assert found(plan_of(rows, rerun="all")) == (4, 1)
    machine(1)
    assert found(plan_of(rows)) == (1, 1)


def test_a_dry_run_tells(machine, run_main, write_suite):
    machine(2)
    suite = write_suite(VAE.format("0, 1"))
    assert "2 runs at a time, of 1 thread each" in run_main(suite, "--jobs", "auto", "--dry-run")[2]
    assert run_main(suite, "--jobs", "2", "--dry-run")[2] == ""


ROWS = """\
seeds: [0, 1]
runs:
  - {label: one, objective: vae}
  - {label: two, objective: {name: vae, beta: 2}}
  - {label: prior, objective: vae, train: {start: prior}}
baselines: [kmeans]
"""


def test_runs_that_would_wait_for_each_other_take_turns(plan_of):
    order = [(item.job.label, item.job.seed) for item in in_turn(plan_of(ROWS).todo)]
    labels = ["kmeans", "one", "prior", "two"]
    assert order == [(label, seed) for label in labels for seed in (0, 1)]


def test_no_library_takes_more_threads_than_a_run_has():
    before = torch.get_num_threads()
    try:
        with threadpool_limits(3):  # at its end, all have theirs back
            limit_threads(2)
            assert torch.get_num_threads() == 2
            assert {pool["num_threads"] for pool in threadpool_info()} == {2}
            limit_threads(4)
            assert torch.get_num_threads() == 4
            others = {p["num_threads"] for p in threadpool_info() if "torch" not in p["filepath"]}
            assert others == {2}  # none is asked to take more
    finally:
        torch.set_num_threads(before)


def test_a_container_may_have_less_than_the_machine(monkeypatch, tmp_path):
    whole, memory = given.cores(), given.memory_mb()
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (tmp_path / "own").write_text("4:memory:/elsewhere\n0::/outer/inner\n")
    monkeypatch.setattr(given, "CGROUPS", tmp_path)
    monkeypatch.setattr(given, "OWN", tmp_path / "own")
    assert (given.cores(), given.memory_mb()) == (whole, memory)
    monkeypatch.setattr("torch.get_num_threads", lambda: 16)
    (inner / "memory.max").write_text("max\n")
    (inner / "cpu.max").write_text("max 100000\n")
    assert (given.cores(), given.memory_mb()) == (16, memory)
    (inner.parent / "memory.max").write_text(f"{300 * 2**20}\n")
    (inner / "cpu.max").write_text("350000 100000\n")
    assert (given.cores(), given.memory_mb()) == (3, 300)
    (inner.parent / "cpu.max").write_text("50000 100000\n")
    assert given.cores() == 1
    monkeypatch.setattr(given, "OWN", tmp_path / "gone")
    assert given.cores() == 16
