"""Numbers that are not finite and plug-ins that misbehave cost one cell."""

import re

import pytest

from tests.harness.execution.faults import Harness, gone, records, row, run, statuses

NAN = """\
import torch
from otlvm.divergences import SampleDivergence
from otlvm.networks import MLP
from otlvm.priors import GaussianPrior

NAN = float("nan")

class Backward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, broken):
        ctx.broken = broken
        return x.clone()
    @staticmethod
    def backward(ctx, gradient):
        return gradient * (NAN if ctx.broken else 1), None

class Counts(SampleDivergence):
    def __init__(self):
        super().__init__()
        self.calls = 0

class Value(Counts):
    def between(self, x, a, y, b):
        self.calls += 1
        return x.square().mean() * (NAN if self.calls >= 7 else 1)

class Gradient(Counts):
    def between(self, x, a, y, b):
        self.calls += 1
        return Backward.apply(x.square().mean(), self.calls == 13)

class Net(MLP):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim, hidden=(8,))
    def decode(self, z):
        return super().decode(z) * (1 if self.training else NAN)

class Prior(GaussianPrior):
    def __init__(self):
        super().__init__(torch.eye(3)[:, :2], torch.eye(2).expand(3, 2, 2))
    def sample(self, n):
        return super().sample(n) * NAN
"""

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("nothing_left")]


def test_nan_in_value_gradient_and_metrics(write):
    rows = [
        row("value", "'bad:Value'"),
        row("gradient", "'bad:Gradient'"),
        row("metric", "imq_mmd", ", model: {network: 'bad:Net'}"),
        row("sample", "imq_mmd", ", model: {prior: 'bad:Prior'}"),
        row("good", "imq_mmd"),
    ]
    short = {"steps: 300": "steps: 40", "eval_every: 100": "eval_every: 20"}
    suite, out = write(rows, NAN, **short)
    code, output, errors = run(suite, out)
    assert code == 1, errors
    found = {label: record["diverged"] for (label, _), record in records(out).items()}
    assert found == {
        "value": {"term": "divergence", "value": "nan", "step": 7},
        "gradient": {"term": "gradient", "value": "nan", "step": 13},
        "metric": {"term": "bce", "value": "nan", "step": 20},
        "sample": {"term": "latent_w2", "value": "nan", "step": 40},
        "good": None,
    }
    for label, facts in found.items():
        assert statuses(out)[label] == ("diverged" if facts else "done")
        if facts:
            assert re.search(rf"^ {label} +0 of 1 +nan @ {facts['step']} ", output, re.MULTILINE)
            told = f"{facts['term']} is nan at step {facts['step']}"
            assert f"{label}, seed 0: diverged ({told})" in errors


BAD = """\
import ctypes, os, subprocess, time
from otlvm.divergences import SampleDivergence

class Bad(SampleDivergence):
    def __init__(self, what: str):
        super().__init__()
        self.what = what
        self.calls = 0
    def between(self, x, a, y, b):
        self.calls += 1
        if self.calls == 5:
            getattr(self, self.what)()
        return x.square().mean()
    def nothing(self):
        pass
    def raises(self):
        raise ArithmeticError("too bad")
    def hangs(self):
        subprocess.Popen(["sleep", "1000"])
        time.sleep(1000)
    def exits(self):
        os._exit(3)
    def crashes(self):
        ctypes.string_at(0)
    def eats(self):
        eaten = [bytearray(2**26) for _ in range(48)]
        raise AssertionError("3 GiB were there")
"""


def bad(what):
    return row(what, f"{{name: 'bad:Bad', what: {what}}}")


def test_each_bad_plugin_costs_one_cell(write):
    names = ["raises", "nothing", "hangs", "exits", "crashes", "eats", "imq"]
    rows = [bad(name) if name != "imq" else row(name, "imq_mmd") for name in names]
    limits = "{timeout: 6 s, memory_mb: 1500, "
    suite, out = write(rows, BAD, **{"execution: {": f"execution: {limits}", "300": "40"})
    harness = Harness(suite, out)
    code, output, errors = harness.end()
    assert code == 1, errors
    assert gone(harness, 2)
    assert statuses(out) == {
        **dict.fromkeys(names, "failed"),
        "nothing": "done",
        "imq": "done",
        "hangs": "timeout",
        "eats": "memory",
    }
    reasons = {label: record["reason"] for (label, _), record in records(out).items()}
    assert reasons["raises"] == "ArithmeticError: too bad"
    assert reasons["hangs"] == "killed after 6 s"
    assert reasons["exits"] == "the process ended with exit code 3, without a result"
    assert reasons["crashes"] == "the process was killed by SIGSEGV"
    assert "memory" in reasons["eats"].lower()
    for name in names:
        assert re.search(rf"^ {name} +", output, re.MULTILINE)
    assert "5 of 7 runs failed" in errors


def test_fail_fast_and_all_failed(write):
    suite, out = write([bad("exits"), bad("raises")], BAD, **{"300": "40"})
    code, _, errors = run(suite, out, "--fail-fast")
    assert code == 1, errors
    assert statuses(out) == {"exits": "failed"}
    code, _, errors = run(suite, out)
    assert code == 3, errors
    assert statuses(out) == {"exits": "failed", "raises": "failed"}
    assert "2 of 2 runs failed" in errors
