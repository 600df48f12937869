"""Optimisers, rates of parts, schedules, clipping: against torch's own, and resumed to the bit."""

import math

import pytest
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR, ReduceLROnPlateau, StepLR

from otlvm import LatentMixtureModel, fit
from otlvm.objectives import Losses, Objective
from otlvm.optimizers import optimizers
from otlvm.registry import RegistryError
from otlvm.schedules import schedules
from otlvm.training import Checkpoints, InterruptedTrainingError

PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2, "learn": True}
NETWORK = {"name": "mlp", "hidden": [8], "component_hidden": [4]}


class Bowl(Objective):
    """A sum of squares of all parameters: no random number, no data."""

    def forward(self, model, x):
        total = sum(p.square().sum() for p in model.parameters()) + x.sum() * 0
        return Losses(total, total, total * 0)


def make_model():
    torch.manual_seed(0)
    return LatentMixtureModel((1, 3, 3), NETWORK, PRIOR)


X = torch.rand(64, 9, generator=torch.Generator().manual_seed(0))


def trained(steps=4, **given):
    model = make_model()
    fit(model, Bowl(), X, steps=steps, batch_size=32, **given)
    return [p.detach() for p in model.parameters()]


@pytest.mark.parametrize(
    ("spec", "reference"),
    [
        ("adam", lambda p: torch.optim.Adam(p, lr=0.1)),
        (
            {"name": "adam", "betas": [0.5, 0.9], "eps": 1e-4, "weight_decay": 0.1},
            lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.5, 0.9), eps=1e-4, weight_decay=0.1),
        ),
        ({"name": "adamw"}, lambda p: torch.optim.AdamW(p, lr=0.1)),
        (
            {"name": "sgd", "momentum": 0.9, "nesterov": True},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
        ),
        (
            {"name": "rmsprop", "alpha": 0.9, "momentum": 0.5},
            lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, momentum=0.5),
        ),
    ],
    ids=["adam", "adam, changed", "adamw", "sgd", "rmsprop"],
)
def test_optimisers_are_torchs(spec, reference):
    found = trained(optimizer=spec, learning_rate=0.1)
    model = make_model()
    optimizer = reference(model.parameters())
    for _ in range(4):
        optimizer.zero_grad()
        torch.autograd.backward(Bowl()(model, X).total)
        optimizer.step()
    for one, other in zip(found, model.parameters(), strict=True):
        torch.testing.assert_close(one, other.detach(), rtol=1e-5, atol=1e-7)


STEPS = 20


def rates_of(scheduler, losses=None):
    optimizer = scheduler.optimizer
    rates = []
    for step in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*(() if losses is None else (losses[step],)))
    return rates


def torchs(make):
    return make(torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0))


def test_schedules_are_torchs():
    step = schedules.build({"name": "step", "every": 3, "factor": 0.9})
    expected = rates_of(torchs(lambda o: StepLR(o, 3, 0.9)))
    assert [step.factor(t, STEPS) for t in range(1, STEPS + 1)] == pytest.approx(expected)
    cosine = schedules.build({"name": "cosine", "floor": 0.1})
    expected = rates_of(torchs(lambda o: CosineAnnealingLR(o, STEPS - 1, 0.1)))
    assert [cosine.factor(t, STEPS) for t in range(1, STEPS + 1)] == pytest.approx(expected)
    torch.manual_seed(1)
    losses = (5 - torch.rand(STEPS).cumsum(0).clamp(max=3) + 0.1 * torch.randn(STEPS)).tolist()
    plateau = schedules.build({"name": "plateau", "factor": 0.3, "patience": 2, "threshold": 0.01})
    expected = rates_of(
        torchs(lambda o: ReduceLROnPlateau(o, factor=0.3, patience=2, threshold=0.01)), losses
    )
    found = []
    for t, loss in enumerate(losses):
        found.append(plateau.factor(t + 1, STEPS))
        plateau.observe({"loss": loss})
    assert found == pytest.approx(expected)
    assert found[-1] < 0.1  # it has something to show


def test_floors_and_warm_ups():
    step = schedules.build({"name": "step", "every": 1, "factor": 0.5, "floor": 0.2})
    assert [step.factor(t, 9) for t in (1, 2, 3, 4)] == [1, 0.5, 0.25, 0.2]
    cosine = schedules.build({"name": "cosine", "warm_up": 4})
    assert [cosine.factor(t, 20) for t in (1, 2, 4, 5, 20)] == pytest.approx([0.25, 0.5, 1, 1, 0])


def test_parts_have_rates_of_their_own():
    before = dict(make_model().named_parameters())
    model = make_model()
    rates = {"prior": 0.1, "decoder": 0.2}
    fit(model, Bowl(), X, steps=1, batch_size=32, learning_rate=0.3, optimizer="sgd", rates=rates)
    for name, after in model.named_parameters():
        rate = 0.1 if name.startswith("prior") else 0.2 if "decoder" in name else 0.3
        torch.testing.assert_close(after.detach(), (1 - 2 * rate) * before[name].detach())


def test_long_gradients_are_shortened():
    before = [p.detach() for p in make_model().parameters()]
    after = trained(steps=1, optimizer="sgd", learning_rate=1.0, clip=0.25)
    moved = torch.cat([(a - b).flatten() for a, b in zip(after, before, strict=True)])
    assert float(moved.norm()) == pytest.approx(0.25, rel=1e-4)


def test_the_history_has_the_gradient_before_it_was_shortened():
    wholly = fit(make_model(), Bowl(), X, steps=1, batch_size=32)
    clipped = fit(make_model(), Bowl(), X, steps=1, batch_size=32, clip=1e-3)
    assert clipped.rows[0]["gradient"] == wholly.rows[0]["gradient"] > 0.1


def test_a_schedule_and_a_clip_move_the_rates_of_all_parts():
    model = make_model()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    fit(
        model, Bowl(), X, steps=2, batch_size=32, learning_rate=0.1, optimizer="sgd",
        rates={"prior": 0.2}, schedule={"name": "step", "every": 1, "factor": 0.5},
    )  # fmt: skip
    for name, after in model.named_parameters():
        rate = 0.2 if name.startswith("prior") else 0.1
        expected = before[name] * (1 - 2 * rate) * (1 - rate)
        torch.testing.assert_close(after.detach(), expected)


@pytest.mark.parametrize(
    "schedule",
    [
        {"name": "cosine", "warm_up": 2},
        {"name": "plateau", "patience": 0, "factor": 0.1},
        {"name": "step", "every": 2},
    ],
    ids=str,
)
def test_training_goes_on_to_the_bit(tmp_path, schedule):
    settings = {
        "schedule": schedule, "rates": {"prior": 0.05}, "clip": 1.0, "learning_rate": 0.1,
        "optimizer": {"name": "adam", "betas": [0.5, 0.9]}, "log_every": 1,
    }  # fmt: skip

    def train(name, stops=()):
        for stop in (*stops, None):
            model = make_model()
            answers = iter([step == stop for step in range(20)])
            checkpoints = Checkpoints(tmp_path / name, 1, stop=lambda a=answers: next(a))
            try:
                fit(model, "vae", X, steps=9, batch_size=16, checkpoints=checkpoints, **settings)
            except InterruptedTrainingError:
                continue
        return model.state_dict()

    whole, parts = train("whole"), train("parts", (3, 2))
    for name, value in whole.items():
        assert torch.equal(value, parts[name]), name


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"rates": {"decodr": 0.1}}, "no part is 'decodr' \\(did you mean 'decoder'"),
        ({"rates": {"prior": 0}}, "that of prior must be positive"),
        ({"rates": {"objective": 0.1}}, "objective has nothing to train; leave its rate out"),
        ({"clip": 0}, "clip must be positive"),
        ({"optimizer": {"name": "adam", "betas": [1.5, 0.9]}}, "betas must be two numbers"),
        ({"optimizer": {"name": "adam", "betas": [0.5]}}, "betas must be two numbers"),
        ({"optimizer": {"name": "sgd", "nesterov": True}}, "needs a momentum"),
        ({"schedule": {"name": "step", "every": 0}}, "every must be positive"),
        ({"schedule": {"name": "cosine", "floor": 2.0}}, "between 0 and 1"),
        ({"schedule": "cosin"}, "did you mean 'cosine'"),
    ],
)
def test_what_makes_no_sense_is_refused(given, told):
    with pytest.raises((ValueError, RegistryError), match=told):
        trained(**given)


def test_all_of_them_train():
    for spec in optimizers:
        assert all(math.isfinite(float(p.sum())) for p in trained(optimizer=spec))
