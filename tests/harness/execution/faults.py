"""A harness in a process of its own, to be hurt; and a look at what is left."""

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

SUITE = """\
name: faults
data: digits
model:
  network: {name: mlp, hidden: [16], component_hidden: [8]}
  prior: {name: gaussian_mixture, components: 3, dim: 2}
train: {steps: 300, batch_size: 32, eval_every: 100, start: {name: moments, steps: 2}}
execution: {checkpoint_every: 20}
"""


REFERENCE = f"""\
{SUITE}
seeds: [0, 1]
runs:
  - {{label: imq, objective: {{name: wae, weight: 10, divergence: imq_mmd}}}}
  - {{label: heavy, objective: {{name: wae, weight: 1, divergence: 'heavy:Heavy'}}}}
"""


CELLS = [("heavy", 0), ("heavy", 1), ("imq", 0), ("imq", 1)]


HEAVY = """\
import torch
from otlvm.divergences import SampleDivergence

class Heavy(SampleDivergence):
    def __init__(self):
        super().__init__()
        self.register_buffer("ballast", torch.ones(4_000_000))  # so that checkpoints take time
    def between(self, x, a, y, b):
        return (a @ x - b @ y).square().sum()
"""


COSTS = ("fit_seconds", "step_ms", "peak_mb")


MARK = "OTLVM_FAULTS"


STARTED = []


def row(label, divergence, more=""):
    objective = f"{{name: wae, weight: 1, divergence: {divergence}}}"
    return f"  - {{label: {label}, objective: {objective}{more}}}\n"


class Harness:
    """A started command, all processes of which carry a mark."""

    def __init__(self, suite, out, *options, **popen):
        STARTED.append(self)
        self.mark = uuid.uuid4().hex
        self.began = time.time()
        command = [
            sys.executable,
            "-m",
            "benchmarks.run",
            suite,
            "--out",
            out,
            "--threads",
            "1",
        ]
        self.process = subprocess.Popen(
            [str(part) for part in (*command, *options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "80", MARK: self.mark},
            **popen,
        )

    def end(self, timeout=120):
        """Exit code, output and errors, line breaks taken out of these."""
        try:
            output, errors = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert "Traceback" not in output + errors, errors
        return self.process.returncode, output, " ".join(errors.split())

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=90)  # its server may still import torch

    def processes(self):
        """Numbers of all processes that it has started, and its own."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                environment = (path / "environ").read_bytes()
            except OSError:  # gone meanwhile
                continue
            if f"{MARK}={self.mark}".encode() in environment.split(b"\0"):
                found.append(int(path.name))
        return found

    def works(self, out):
        """Tell whether a run's own process has begun."""
        return any(made_after(path, self.began) for path in out.glob("work/*/log.txt"))

    def wait(self, condition, every=0.001):
        """Wait until a condition holds; the command must not end before."""
        deadline = time.monotonic() + 90
        while not (value := condition()):
            if self.process.poll() is not None:
                pytest.fail(f"ended too early: {self.process.communicate()}")
            if time.monotonic() > deadline:
                self.kill()
                pytest.fail("waited in vain")
            time.sleep(every)
        return value


def run(suite, out, *options, **popen):
    return Harness(suite, out, *options, **popen).end()


def made_after(path, moment):
    try:
        return path.stat().st_ctime > moment
    except FileNotFoundError:
        return False


def gone(harness, seconds):
    deadline = time.monotonic() + seconds
    while harness.processes():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def records(out):
    found = [json.loads(path.read_bytes()) for path in out.glob("runs/*/record.json")]
    return {(record["label"], record["seed"]): record for record in found}


def statuses(out):
    return {label: record["status"] for (label, _), record in records(out).items()}


def results(out):
    """All that must be the same, however often a suite was hurt."""
    found = {}
    for cell, record in records(out).items():
        folder = out / "runs" / record["id"]
        metrics = {key: value for key, value in record["metrics"].items() if key not in COSTS}
        files = [folder / "curves.csv", *sorted((folder / "model").iterdir())]
        files.append(folder / "pictures.npz")
        found[cell] = record["status"], metrics, [path.read_bytes() for path in files]
    return found


def check_whole(out, reference):
    """Each run once, equal to the uninterrupted, and nothing beside it."""
    cells = [(entry["label"], entry["seed"]) for entry in manifest(out)]
    assert sorted(cells) == sorted(set(cells))
    assert sorted(path.name for path in (out / "runs").iterdir()) == sorted(ids(out).values())
    expected = results(reference)
    assert results(out) == {cell: expected[cell] for cell in cells}
    assert list((out / "work").iterdir()) == []
    assert list((out / "leases").glob("*.json")) == []


def manifest(out):
    return json.loads((out / "suite.json").read_bytes())["runs"]


def ids(out):
    return {(entry["label"], entry["seed"]): entry["id"] for entry in manifest(out)}


def run_reference(folder):
    (folder / "heavy.py").write_text(HEAVY)
    suite = folder / "suite.yaml"
    suite.write_text(REFERENCE)
    code, _, errors = run(suite, folder / "out")
    assert code == 0, errors
    assert sorted(results(folder / "out")) == CELLS
    assert {record["side_by_side"] for record in records(folder / "out").values()} == {1}
