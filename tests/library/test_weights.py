"""The weight of a divergence over training."""

import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.objectives import objectives
from otlvm.registry import RegistryError

X = torch.rand(64, 9, generator=torch.Generator().manual_seed(0))
LINEAR = {"name": "linear", "start": 450, "end": 50, "steps": 4}


def train(weight, steps=7):
    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    model = LatentMixtureModel((1, 3, 3), {"name": "mlp", "hidden": [8]}, prior)
    spec = {"name": "wae", "divergence": "energy", "weight": weight}
    objective = objectives.build(spec)
    rows = fit(model, objective, X, steps=steps, batch_size=32, log_every=1).rows
    return rows, objective, model


def test_a_number_is_a_fixed_weight():
    rows, _, _ = train(3)
    for row in rows:
        assert row["weight"] == 3
        assert row["regularizer"] == pytest.approx(3 * row["divergence"], rel=1e-5)
    named, _, _ = train({"name": "fixed", "value": 3.0})
    assert named == rows


def test_a_linear_weight_falls_and_stays():
    rows, objective, model = train(LINEAR)
    assert [row["weight"] for row in rows] == [450, 350, 250, 150, 50, 50, 50]
    for row in rows:
        assert row["regularizer"] == pytest.approx(row["weight"] * row["divergence"], rel=1e-5)
    objective.eval()
    for _ in range(2):  # looking changes nothing
        assert float(objective(model.eval(), X[:8]).terms["weight"]) == 50


@pytest.mark.parametrize(
    ("weight", "told"),
    [
        (-1.0, "must not be negative"),
        ({**LINEAR, "steps": 0}, "steps must be positive"),
        ({**LINEAR, "end": -1.0}, "must not be negative"),
        ("liner", "did you mean 'linear'"),
        (True, "weight|valid number"),
        ([1.0], "valid number|weight"),
    ],
)
def test_what_is_no_weight_is_refused(weight, told):
    with pytest.raises(RegistryError, match=told):
        objectives.build({"name": "wae", "divergence": "energy", "weight": weight})
