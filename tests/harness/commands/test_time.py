"""``otlvm run --dry-run --time``: how long a suite takes of which nothing is done."""

import re
from dataclasses import replace

import pytest

from otlvm.data import digits
from otlvm.harness.worker.timing import Cost, measure

SLOW = """\
import time

from otlvm.divergences import SampleDivergence


class Slow(SampleDivergence):
    def __init__(self, seconds: float = 0.05) -> None:
        super().__init__()
        self.seconds = seconds

    def between(self, x, a, y, b):
        time.sleep(self.seconds)
        if self.seconds > 1:
            raise ArithmeticError("not today")
        return (a @ x - b @ y).square().sum()
"""
ROWS = """\
seeds: [0, 1]
runs:
  - {label: slow, objective: {name: wae, divergence: {name: "slow:Slow"}}, train: {steps: 2000}}
  - {label: VAE, objective: vae}
baselines: [kmeans]
"""


@pytest.fixture
def suite(write_suite, tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    return write_suite(ROWS)


def minutes(text):
    hours, minutes, seconds = re.search(
        r"about (?:(\d+) h )?(?:(\d+) min ?)?(?:(\d+) s)?", text
    ).groups("0")
    return 60 * int(hours) + int(minutes) + int(seconds) / 60


def test_a_fresh_suite_is_timed(run_main, suite, tmp_path, monkeypatch):
    monkeypatch.setattr("otlvm.harness.execution.side_by_side.cores", lambda: 2)
    before = {*tmp_path.iterdir()}
    code, output, _ = run_main(suite, "--dry-run", "--time", "--jobs", "auto")
    assert code == 0
    slow = re.findall(r"slow, seed \d  .*", output)
    assert len(slow) == 2
    for line in slow:
        assert 2000 * 0.05 / 60 < minutes(line) < 60  # two minutes, of which nothing was waited for
    assert len(re.findall(r"VAE, seed \d  \(about", output)) == 2
    assert len(re.findall(r"kmeans, seed \d$", output, re.MULTILINE)) == 2
    total = re.search(r"6 runs, 6 to compute, about .* with --jobs 2", output)[0]
    assert minutes(total) == pytest.approx(minutes(slow[0]), rel=0.2)  # two at a time
    assert "an estimate from 20 steps" in output
    assert "of each of 2 configs" in output
    assert "without 2 runs of baselines" in output
    left = {path.name for path in {*tmp_path.iterdir()} - before}
    assert left <= {"__pycache__"}


def test_what_cannot_be_timed_is_said(run_main, suite):
    text = ROWS.replace('"slow:Slow"', '"slow:Slow", seconds: 1.5').partition("baselines")[0]
    suite.write_text(suite.read_text().partition("seeds")[0] + text)
    code, output, _ = run_main(suite, "--dry-run", "--time", "--set", "seeds=[0]")
    assert code == 0
    assert "slow, seed 0  (not timed: ArithmeticError: not today)" in output
    assert "without 1 runs that could not be timed" in output


def test_time_needs_a_dry_run(refuse, suite):
    refuse(suite, "--time goes with --dry-run", arguments=["--time"])


def test_a_dry_run_times_nothing_by_itself(run_main, suite):
    output = run_main(suite, "--dry-run")[1]
    assert "about" not in output
    assert "estimate" not in output


CONFIG = {
    "data": {"name": "digits"},
    "model": {"network": "mlp", "prior": {"name": "gaussian_mixture", "components": 3, "dim": 2}},
    "objective": {"name": "vae"},
    "train": {
        **{"steps": 10, "batch_size": 32, "learning_rate": 1e-3, "compile": False},
        **{"optimizer": "adam", "rates": {}, "schedule": "constant", "clip": None},
        **{"eval_every": 4, "eval_at": [5, 8], "snapshots": [0, 3]},
        "start": {"name": "moments", "steps": 400},
    },
}


def test_parts_of_a_run_add_up():
    cost = Cost(start=1000.0, step=1.0, row=100.0, end=10_000.0)
    assert cost.seconds(CONFIG) == 11_010 + 100 * len({4, 8, 5, 3, 10})


def test_starts_are_timed_where_they_only_take_steps(monkeypatch):
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 50)
    monkeypatch.setattr("otlvm.harness.worker.timing.fit", lambda *_, steps, **__: Took(steps))
    data = digits()
    cost = measure(CONFIG, data, 5)
    assert cost.whole
    assert cost.step == 1
    assert cost.start > 0
    distill = {"name": "distill", "clustering": "kmeans", "steps": 1}
    train = {**CONFIG["train"], "start": distill}
    assert not measure({**CONFIG, "train": train}, data, 5).whole
    assert replace(cost, start=0.0).seconds(CONFIG) < cost.seconds(CONFIG)


class Took:
    def __init__(self, seconds):
        self.seconds = seconds
