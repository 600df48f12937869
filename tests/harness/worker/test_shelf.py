"""A suite learns a clustering once: as a row, and as the start of another row."""

import os
import threading

import pytest
import torch

from otlvm.harness.store.leases import Leases
from otlvm.harness.worker import machine
from otlvm.harness.worker.shelf import DiskShelf
from tests.support import records

TEACHER = """
import torch
from otlvm.baselines import Baseline

class Teacher(Baseline):
    def fit(self, x, n_components):
        with open({log!r}, "a") as log:
            log.write("learnt\\n")
        self.weights = torch.rand(x.shape[1], n_components)
        return self.assign(x)

    def assign(self, x):
        return (x @ self.weights).softmax(1)
"""

ROWS = """\
runs:
  - {label: student, objective: {name: wae, weight: 1, divergence: energy},
     train: {start: {name: distill, clustering: "mine:Teacher", steps: 2, then: {name: moments, steps: 1}}}}
  - {label: another, objective: {name: wae, weight: 2, divergence: energy},
     train: {start: {name: distill, clustering: "mine:Teacher", steps: 3, then: {name: moments, steps: 1}}}}
  - {label: teacher, baseline: "mine:Teacher"}
seeds: [0, 1]
"""  # noqa: E501


@pytest.mark.parametrize("jobs", [0, "auto"])
def test_a_clustering_is_learnt_once_a_seed(run_main, write_suite, tmp_path, monkeypatch, jobs):
    monkeypatch.setattr("otlvm.harness.execution.side_by_side.cores", lambda: 2)
    log = tmp_path / "log.txt"
    (tmp_path / "mine.py").write_text(TEACHER.format(log=str(log)))
    code, output, errors = run_main(write_suite(ROWS), "--out", tmp_path / "out", "--jobs", jobs)
    assert code == 0, errors
    assert ("2 runs at a time, of 1 thread each" in errors) == ("∥" in output) == (jobs == "auto")
    assert log.read_text().count("learnt") == 2  # its held-out images are not asked for by starts
    assert len(records(tmp_path / "out")) == 6
    assert {r["environment"]["threads"] for r in records(tmp_path / "out").values()} == {1}


def test_what_a_result_once_cost_counts_for_all(tmp_path):
    first, second = DiskShelf(tmp_path, "code"), DiskShelf(tmp_path, "code")
    value = first.once("key", lambda: (threading.Event().wait(0.4), torch.arange(3.0))[1])
    assert -0.2 < first.saved_seconds <= 0
    assert torch.equal(second.once("key", pytest.fail), value)
    assert 0.2 < second.saved_seconds < 0.6
    other = DiskShelf(tmp_path, "other code")
    assert other.once("key", lambda: torch.zeros(1)).shape == (1,)


def test_what_is_nested_counts_once(tmp_path):
    def slow():
        threading.Event().wait(0.3)
        return torch.ones(2)

    DiskShelf(tmp_path, "").once("inner", slow)
    outer = DiskShelf(tmp_path, "")
    outer.once("outer", lambda: outer.once("inner", pytest.fail))
    later = DiskShelf(tmp_path, "")
    later.once("outer", pytest.fail)
    assert 0.2 < later.saved_seconds < 0.5


def test_two_at_once_learn_once(tmp_path):
    learnt = []

    def learn():
        learnt.append(1)
        threading.Event().wait(0.2)
        return torch.ones(2)

    runs = [
        threading.Thread(target=lambda: DiskShelf(tmp_path, "").once("key", learn))
        for _ in range(3)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert learnt == [1]


def test_a_damaged_result_is_learnt_again(tmp_path):
    DiskShelf(tmp_path, "").once("key", lambda: torch.ones(2))
    (file,) = tmp_path.glob("*.safetensors")
    file.write_bytes(b"no tensors")
    with pytest.warns(UserWarning, match="is damaged, learnt again"):
        value = DiskShelf(tmp_path, "").once("key", lambda: torch.zeros(2))
    assert value.tolist() == [0, 0]


def test_a_full_or_forbidden_disk_costs_no_result(tmp_path):
    (tmp_path / "file").touch()
    with pytest.warns(UserWarning, match="not shared with other runs"):
        value = DiskShelf(tmp_path / "file" / "shared", "").once("key", lambda: torch.zeros(2))
    assert value.tolist() == [0, 0]


def test_only_runs_of_a_store_share(tmp_path):
    assert DiskShelf.of(tmp_path / "work" / "id", "") is None
    (tmp_path / ".otlvm").touch()
    assert DiskShelf.of(tmp_path / "work" / "id", "") is not None


def test_a_result_names_a_kind_of_device_and_no_place(tmp_path):
    """What one GPU learnt, a run on another of the machine reads."""
    from safetensors import safe_open

    DiskShelf(tmp_path, "").once("key", lambda: torch.ones(2))
    (path,) = tmp_path.glob("*.safetensors")
    with safe_open(path, framework="pt") as file:
        assert file.metadata()["device"] == torch.ones(2).device.type == "cpu"


def test_other_versions_learn_again(tmp_path, monkeypatch):
    """A clustering is what its library makes it: another scikit-learn may make another."""
    first = DiskShelf(tmp_path, "code").once("key", lambda: torch.ones(2))
    monkeypatch.setattr(machine, "version", lambda package: f"9.9 of {package}")
    machine.learners.cache_clear()
    try:
        assert "scikit-learn 9.9 of scikit-learn" in machine.learners()
        again = DiskShelf(tmp_path, "code").once("key", lambda: torch.zeros(2))
    finally:
        machine.learners.cache_clear()
    assert (first.tolist(), again.tolist()) == ([1, 1], [0, 0])


def test_what_was_kept_before_is_learnt_again_and_then_shared(tmp_path):
    DiskShelf(tmp_path, "").once("key", lambda: torch.ones(2))
    now = Leases(tmp_path).now()
    (kept,) = tmp_path.glob("*.safetensors")
    os.utime(kept, (now - 1, now - 1))
    fresh = DiskShelf(tmp_path, "", now)
    assert fresh.once("key", lambda: torch.zeros(2)).tolist() == [0, 0]
    later = DiskShelf(tmp_path, "", now)
    assert later.once("key", pytest.fail).tolist() == [0, 0]


def test_rerun_learns_again(run_main, write_suite, tmp_path):
    """Once a seed, though three rows need it; and without --rerun not at all."""
    log = tmp_path / "log.txt"
    (tmp_path / "mine.py").write_text(TEACHER.format(log=str(log)))
    options = (write_suite(ROWS), "--out", tmp_path / "out")
    counts = []
    for rerun in ((), (), ("--rerun", "all"), ("--rerun", "student")):
        assert run_main(*options, *rerun)[0] == 0
        counts.append(log.read_text().count("learnt"))
    assert counts == [2, 2, 4, 6]
