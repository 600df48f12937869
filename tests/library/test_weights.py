"""The weight of a divergence over training."""

import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.divergences import IMQMMD
from otlvm.latents import as_posterior
from otlvm.objectives import objectives
from otlvm.priors import GaussianMixture
from otlvm.registry import RegistryError
from otlvm.weights import weights

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


class Draws:
    """Divergences that vary by chance with a known mean and spread."""

    def __init__(self):
        self.generator = torch.Generator().manual_seed(0)

    def __call__(self):
        return 2 + 0.5 * torch.randn((), generator=self.generator, dtype=torch.float64)


def constraint(**given):
    weight = weights.build({"name": "constraint", **given})
    weight.calibrate(Draws())
    return weight


def test_a_constraint_knows_what_chance_explains():
    weight = constraint()
    assert float(weight.mean) == pytest.approx(2, abs=0.2)
    moving = torch.zeros(4000, dtype=torch.float64)
    draws, value = Draws(), 2.0
    for index in range(len(moving)):
        value += (1 - weight.memory) * (float(draws()) - value)
        moving[index] = value
    assert float(weight.error) == pytest.approx(float(moving[500:].std()), rel=0.4)


@pytest.mark.parametrize(("above", "rises"), [(3.0, True), (0.0, False)])
def test_a_constraint_moves_the_weight(above, rises):
    weight = constraint(limit=1.5, start=10.0, rate=0.02)
    for _ in range(100):
        weight(weight.mean + above * weight.error)
    assert float(weight.value) == pytest.approx(10 * 2.718282 ** (2 if rises else -2), rel=1e-3)
    weight.eval()
    kept = float(weight.value)
    weight(weight.mean + 100)
    assert float(weight.value) == kept


def test_a_constraint_finds_the_weight_that_holds_it():
    """A divergence that falls as the weight grows ends at the limit."""
    weight = constraint(limit=1.0, start=1.0)
    torch.manual_seed(0)
    for _ in range(3000):
        level = 40 / float(weight.value)  # in standard errors: 1 at a weight of 40
        noise = torch.randn((), dtype=torch.float64)
        weight(weight.mean + (level + noise) * weight.error)
    assert float(weight.value) == pytest.approx(40, rel=0.1)


def test_in_training_codes_end_within_chance():
    spec = {"name": "imq_mmd", "statistic": "cross", "queue": 4}
    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    found = []
    for weight in ({"name": "constraint", "start": 0.01, "rate": 0.05}, 0.01):
        torch.manual_seed(0)
        model = LatentMixtureModel((1, 3, 3), {"name": "mlp", "hidden": [32]}, prior)
        objective = objectives.build({"name": "wae", "divergence": spec, "weight": weight})
        rows = fit(model, objective, X, steps=400, batch_size=32, log_every=100).rows
        found.append(rows[-1]["divergence"])
    assert found[0] < 0.5 * found[1]


def test_chance_is_the_divergences_own():
    """Calibrated on draws of the prior: about the mean and spread that fresh draws have."""
    prior = GaussianMixture(3, 2)
    torch.manual_seed(0)
    values = []
    for _ in range(200):
        z, k = prior.sample_with_components(32)
        posterior = as_posterior(z, k, 3)
        values.append(IMQMMD()(posterior, prior))
    _, objective, _ = train({"name": "constraint"}, steps=1)
    objective.divergence = IMQMMD()
    model = LatentMixtureModel((1, 3, 3), "mlp", prior)
    objective.warm_up(model, lambda: X[:32])
    drawn, memory = torch.stack(values), objective.weight.memory
    assert float(objective.weight.mean) == pytest.approx(float(drawn.mean()), abs=0.03)
    error = float(drawn.std()) * ((1 - memory) / (1 + memory)) ** 0.5
    assert float(objective.weight.error) == pytest.approx(error, rel=0.4)


def test_a_draw_is_a_posterior_that_is_sure():
    prior = GaussianMixture(3, 2)
    z, k = prior.sample_with_components(50)
    posterior = as_posterior(z, k, 3)
    assert torch.equal(posterior.pi, torch.nn.functional.one_hot(k, 3).float())
    assert torch.equal(posterior.sample(), z)
    assert torch.equal(posterior.likeliest(), z)


@pytest.mark.parametrize("changed", [{"start": 0.0}, {"rate": 0.0}, {"memory": 1.0}])
def test_constraints_out_of_range(changed):
    with pytest.raises(RegistryError, match="must be positive and memory"):
        weights.build({"name": "constraint", **changed})
