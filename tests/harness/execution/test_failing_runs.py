"""Runs that fail cost no other row."""

import re

import pytest

from tests.support import records, row

KMEANS = "baselines: [kmeans]\nseeds: [0, 1]\n"


BAD = """\
from otlvm.divergences import SampleDivergence
from otlvm.networks import MLP
from otlvm.objectives import Losses, Objective, VAE

class Raises(SampleDivergence):
    def __init__(self):
        super().__init__()
    def between(self, x, a, y, b):
        raise ArithmeticError("first line\\nsecond | line")

class Nan(SampleDivergence):
    def __init__(self):
        super().__init__()
        self.calls = 0
    def between(self, x, a, y, b):
        self.calls += 1
        return x.square().mean() * (float("nan") if self.calls > 2 else 1)

class Shared(MLP):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim, hidden=(8,))
        self.first = self.decoder[0]

class Uneven(Objective):
    def __init__(self):
        super().__init__()
        self.calls = 0
        self.vae = VAE()
    def forward(self, model, x):
        self.calls += 1
        losses = self.vae(model, x)
        terms = {"early": losses.total} if self.calls < 3 else {"late": losses.total}
        return Losses(losses.total, losses.reconstruction, losses.regularizer, terms)
"""


def test_failures_cost_no_other_row(run_main, write_suite, tmp_path):
    (tmp_path / "bad.py").write_text(BAD)
    rows = [row("before", "imq_mmd"), row("raises", "'bad:Raises'"), row("nan", "'bad:Nan'")]
    suite = write_suite("runs:\n" + "".join(rows) + row("after", "sinkhorn"))
    out = tmp_path / "out"
    code, output, errors = run_main(suite, "--out", out)
    assert code == 1
    assert "Traceback" not in output + errors
    found = records(out)
    assert {label: record["status"] for (label, _), record in found.items()} == {
        "before": "done",
        "raises": "failed",
        "nan": "diverged",
        "after": "done",
    }
    raised, diverged = found["raises", 0], found["nan", 0]
    assert raised["reason"] == "ArithmeticError: first line second | line"  # one line
    assert "in between\n" in raised["details"]
    assert raised["metrics"] == diverged["metrics"] == {}
    assert diverged["reason"] == "divergence is nan at step 3"
    assert "raises, seed 0: failed (ArithmeticError" in errors
    for label in ("before", "raises", "nan", "after"):
        assert re.search(rf"^ {label} +", output, re.MULTILINE)
    printed = " ".join(output.split())
    assert "raises: seed 0 failed: ArithmeticError: first line" in printed
    assert f"nan: seed 0 diverged: {diverged['reason']}" in printed
    markdown = (out / "table.md").read_text()
    assert "| raises | 0 of 1 |" in markdown
    assert "- nan: seed 0 diverged: " in markdown
    # All is kept; failed rows are tried again when asked for.
    code, _, errors = run_main(suite, "--out", out)
    assert code == 1
    assert errors.count("kept") == 4
    assert "2 of 4 runs failed; they are tried again with --rerun failed" in errors
    code, _, errors = run_main(suite, "--out", out, "--rerun", "failed")
    assert code == 1
    assert errors.count("kept") == 2
    assert errors.count("seed 0: failed") == errors.count("seed 0: diverged") == 1


@pytest.mark.parametrize("name", ["Shared", "Uneven"])
def test_results_that_cannot_be_written_cost_no_other_row(run_main, write_suite, tmp_path, name):
    (tmp_path / "bad.py").write_text(BAD)
    part = f"model: {{network: 'bad:{name}'}}" if name == "Shared" else f"objective: 'bad:{name}'"
    objective = "" if name == "Uneven" else "objective: vae, "
    suite = write_suite(f"runs:\n  - {{label: odd, {objective}{part}}}\n" + KMEANS)
    code, output, errors = run_main(suite, "--out", tmp_path / "out", "--set", "seeds=[0]")
    found = records(tmp_path / "out")
    assert found["kmeans", 0]["status"] == "done"
    assert code == (found["odd", 0]["status"] != "done")
    assert "Traceback" not in output + errors
