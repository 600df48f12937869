"""A step of each config before a long suite begins."""

import pytest

from otlvm.harness.execution import smoke as smoke_module
from otlvm.harness.execution.backends import Place
from otlvm.harness.execution.smoke import smoke
from otlvm.harness.messages import InputError
from otlvm.harness.planning.plan import make_plan
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import load_suite
from otlvm.harness.worker.smoke import take_a_step

PLUGIN = """\
import os, time
from otlvm.objectives import VAE

class Late(VAE):
    def __init__(self, what: str):
        super().__init__()
        self.what = what
    def forward(self, model, x):
        if self.what == "raises":
            raise ArithmeticError("too bad")
        if self.what == "exits":
            os._exit(3)
        if self.what == "hangs":
            time.sleep(100)
        return super().forward(model, x)
    def named_terms(self):
        return None
"""


@pytest.fixture
def plan(write_suite, tmp_path, monkeypatch, plugins):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "late.py").write_text(PLUGIN)

    def make(*whats, steps=10_000, more=""):
        rows = "".join(
            f"  - {{label: {what}, objective: {{name: 'late:Late', what: {what}}}}}\n"
            for what in whats
        )
        suite = load_suite(write_suite(f"runs:\n{rows}{more}", **{"steps: 4": f"steps: {steps}"}))
        return make_plan(suite, Store(tmp_path / "out"))

    return make


def test_what_fails_in_its_first_step_is_told_before_training(plan, monkeypatch):
    """In one process; whatever ends it, or hangs, costs nobody else."""
    monkeypatch.setattr(smoke_module, "SECONDS", 20.0)
    with pytest.raises(InputError, match="raises, seed 0: its first step fails: ArithmeticError"):
        smoke(plan("fine", "raises"), Place())
    with pytest.raises(InputError, match="exits, seed 0: its first step fails: the process ended"):
        smoke(plan("exits"), Place())


def test_a_step_that_takes_long_is_left_to_training(plan, monkeypatch):
    looked = []
    monkeypatch.setattr(smoke_module, "_steps", lambda jobs, log: looked.append(len(jobs)) or 1)
    smoke(plan("fine", "hangs", "raises"), Place())
    assert looked == [3, 2, 1]


@pytest.mark.parametrize("place", [Place(jobs=0), Place(backend="dask")])
def test_short_suites_and_other_places_take_no_step(plan, monkeypatch, place):
    monkeypatch.setattr(smoke_module, "_try", lambda jobs: pytest.fail("it tried"))
    smoke(plan("raises"), place)
    smoke(plan("raises", steps=100), Place())


def test_one_of_each_config_takes_a_step(plan, monkeypatch):
    tried = []
    monkeypatch.setattr(smoke_module, "_try", lambda jobs: tried.extend(jobs))
    more = (
        "  - {label: longer, objective: {name: 'late:Late', what: fine}, train: {steps: 20000}}\n"
    )
    smoke(plan("fine", "raises", more=f"{more}\nseeds: [0, 1]\nbaselines: [kmeans]\n"), Place())
    assert [job.label for job in tried] == ["fine", "raises"]


@pytest.mark.parametrize("start", ["moments", "prior", "{name: distill, clustering: kmeans}"])
def test_a_step_starts_shortly(plan, start):
    more = f"  - {{label: row, objective: vae, train: {{start: {start}}}}}\n"
    (item,) = plan(more=more).planned
    take_a_step(item.job)


def test_what_a_run_watches_is_measured_before_training(plan):
    """Where the objective does not tell its terms, only a step shows them."""
    row = "  - {label: b, objective: {name: 'late:Late', what: b}, train: {stop: {metric: %s}}}\n"
    smoke(plan("fine", more=row % "loss"), Place())
    with pytest.raises(InputError, match="b, seed 0: its first step fails: ValueError: the obj"):
        smoke(plan("fine", more=row % "lsos"), Place())
