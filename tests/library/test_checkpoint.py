import copy
import hashlib
import pickle
import random

import numpy as np
import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.divergences import SampleDivergence, divergences
from otlvm.expectations import expectations
from otlvm.objectives import WAE, objectives
from otlvm.training import CheckpointError, Checkpoints, InterruptedTrainingError

PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}
OPTIONS = {"steps": 12, "batch_size": 16, "log_every": 5}


class Noisy(SampleDivergence):
    """Draws from every generator that there is."""

    def between(self, x, a, y, b):
        noise = torch.rand(()) + random.random() + np.random.rand()  # noqa: NPY002
        return noise * (a @ x - b @ y).square().sum()


def objective_with(divergence="imq_mmd", expectation="exact"):
    made = Noisy() if divergence == "noisy" else divergences.build(divergence)
    return WAE(made, expectation=expectations.build(expectation))


OBJECTIVES = {
    **{f"divergence {name}": lambda n=name: objective_with(n) for name in [*divergences, "noisy"]},
    **{
        f"expectation {name}": lambda n=name: objective_with(expectation=n) for name in expectations
    },
    "vae": lambda: objectives.build("vae"),
}


def start(network="mlp"):
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    return LatentMixtureModel((1, 4, 4), {"name": network, "hidden": [8]}, PRIOR)


@pytest.fixture
def x():
    return torch.rand(64, 16, generator=torch.Generator().manual_seed(0))


def scramble():
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002


def stop_after(asked):
    """True at the given time of asking."""
    calls = iter(range(1, 10_000))
    return lambda: next(calls) == asked


@pytest.mark.parametrize("name", OBJECTIVES)
def test_a_training_that_was_stopped_ends_as_one_that_was_not(name, x, tmp_path):
    whole = start()
    history = fit(whole, OBJECTIVES[name](), x, **OPTIONS)
    path = tmp_path / "state"
    for steps in (1, 4, 3):  # stopped after 1, 5 and 8 steps: in, at and after a row's end
        model = start()
        with pytest.raises(InterruptedTrainingError):
            fit(model, OBJECTIVES[name](), x, **OPTIONS,
                checkpoints=Checkpoints(path, stop=stop_after(steps)))  # fmt: skip
        scramble()
    resumed = start()
    again = fit(resumed, OBJECTIVES[name](), x, **OPTIONS, checkpoints=Checkpoints(path))
    assert again.rows == history.rows
    states = whole.state_dict(), resumed.state_dict()
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_time_adds_up_and_a_finished_training_is_not_repeated(x, tmp_path):
    path = tmp_path / "state"
    with pytest.raises(InterruptedTrainingError):
        fit(start(), objectives.build("vae"), x, **OPTIONS,
            checkpoints=Checkpoints(path, stop=stop_after(4)))  # fmt: skip
    first = Checkpoints(path).load()["history"]["seconds"]
    assert first > 0
    finished = fit(start(), objectives.build("vae"), x, **OPTIONS, checkpoints=Checkpoints(path))
    assert finished.seconds > first

    def refuse(row):
        raise AssertionError

    again = fit(start(), objectives.build("vae"), x, **OPTIONS, on_row=refuse,
                checkpoints=Checkpoints(path))  # fmt: skip
    assert vars(again) == vars(finished)


@pytest.mark.parametrize(("every", "saved"), [({"every_steps": 5}, 5), ({"every_seconds": 0}, 7)])
def test_how_often(x, tmp_path, every, saved):
    class BreakError(Exception):
        pass

    class Breaks(WAE):
        calls = 0

        def forward(self, model, x):
            self.calls += 1
            if self.calls == 8:
                raise BreakError
            return super().forward(model, x)

    path = tmp_path / "state"
    with pytest.raises(BreakError):
        fit(start(), Breaks(divergences.build("imq_mmd")), x, **OPTIONS,
            checkpoints=Checkpoints(path, **{"every_seconds": None, **every}))  # fmt: skip
    assert Checkpoints(path).load()["history"]["steps"] == saved
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_notes_and_identity(tmp_path):
    checkpoints = Checkpoints(tmp_path / "state", identity="a")
    assert checkpoints.load() is None
    checkpoints.notes = {"pretraining": 1.5}
    checkpoints.after(1, True, lambda: {"x": torch.ones(2)})
    other = Checkpoints(tmp_path / "state", identity="a")
    assert torch.equal(other.load()["x"], torch.ones(2))
    assert other.notes == {"pretraining": 1.5}
    with pytest.raises(CheckpointError, match="of another run: a"):
        Checkpoints(tmp_path / "state", identity="b").load()


class Malicious:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code from a pickle was run')",))


@pytest.mark.parametrize("damage", ["empty", "cut", "garbage", "flipped", "pickle", "torch pickle"])
def test_a_damaged_or_foreign_file_is_refused(x, tmp_path, damage):
    path = tmp_path / "state"
    fit(start(), objectives.build("vae"), x, **OPTIONS, checkpoints=Checkpoints(path))
    whole = path.read_bytes()
    if damage == "torch pickle":
        torch.save({"identity": "", "notes": {}, "state": Malicious()}, path)
        path.write_bytes(hashlib.sha256(path.read_bytes()).digest() + path.read_bytes())
    else:
        middle = len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        path.write_bytes(
            {
                "empty": b"",
                "cut": whole[: len(whole) // 2],
                "garbage": bytes(range(256)) * 40,
                "flipped": flipped,
                "pickle": pickle.dumps(Malicious()),
            }[damage]
        )
    with pytest.raises(CheckpointError, match=r"not a complete|not a checkpoint"):
        Checkpoints(path).load()


def test_a_failed_write_keeps_the_last_checkpoint_and_training(x, tmp_path, monkeypatch):
    path = tmp_path / "state"
    checkpoints = Checkpoints(path, every_steps=4)
    save, saved = checkpoints._save, []

    def once(state):
        if saved:
            raise OSError(28, "No space left on device")
        saved.append(copy.deepcopy(state))
        save(state)

    monkeypatch.setattr(checkpoints, "_save", once)
    with pytest.warns(UserWarning, match="checkpoint of step .* was not saved: .*No space left"):
        history = fit(start(), objectives.build("vae"), x, **OPTIONS, checkpoints=checkpoints)
    assert history.steps == 12
    assert Checkpoints(path).load()["history"]["steps"] == 4
