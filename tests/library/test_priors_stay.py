"""A prior stays what it was built as: nothing replaces it, and what was computed of it holds."""

import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.divergences import IMQMMD, CramerWold, Separate
from otlvm.latents import MixturePosterior
from otlvm.objectives import VAE
from otlvm.priors import GaussianMixture
from otlvm.starts import starts
from otlvm.training import CheckpointError, Checkpoints

PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}
MLP = {"name": "mlp", "hidden": [8], "component_hidden": [4]}


@pytest.fixture
def x():
    return torch.rand(64, 16, generator=torch.Generator().manual_seed(0))


def make_model(prior=PRIOR, network=MLP):
    return LatentMixtureModel((1, 4, 4), network, prior)


@pytest.mark.parametrize(
    ("prior", "told"),
    [
        ({**PRIOR, "distance": 4.5}, r"in distance \(6.0, not 4.5\): build this model"),
        (PRIOR, r"in distance \(6.0, not 4.0\)"),
        ({**PRIOR, "components": 2, "distance": 6.0}, r"components \(3, not 2\)"),
        ({**PRIOR, "distance": 6.0, "sigma": 2.0}, r"in sigma \(1.0, not 2.0\)"),
        ({"name": "rotated_2d", "components": 3}, r"its class \(GaussianMixture, not Rotated2D\)"),
        (GaussianMixture(components=3, dim=2), "in means: build"),
        (
            GaussianMixture(components=3, dim=2, distance=6.0, sigma=1.001),
            "in means, scales.factors",
        ),
    ],
)
def test_a_trained_model_with_another_prior_is_no_start(x, tmp_path, prior, told):
    make_model({**PRIOR, "distance": 6.0}).save(tmp_path)
    model = make_model(prior)
    divergence = IMQMMD()
    posterior = model.encode(x).detach()
    before, value = model.state_dict(), divergence(posterior, model.prior)
    before = {name: tensor.clone() for name, tensor in before.items()}
    with pytest.raises(ValueError, match=told):
        starts.build({"name": "trained", "run": str(tmp_path)}).prepare(model, x, 32)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
    assert divergence(posterior, model.prior) == value == IMQMMD()(posterior, model.prior)


@pytest.mark.parametrize("prior", [GaussianMixture(3, 2), {**PRIOR, "distance": 4}, PRIOR])
def test_the_same_prior_otherwise_written_is_the_same(x, tmp_path, prior):
    saved = make_model().double()
    saved.save(tmp_path)
    model = make_model(prior)
    means = model.prior.means
    starts.build({"name": "trained", "run": str(tmp_path)}).prepare(model, x, 32)
    torch.testing.assert_close(model.network.state_dict(), saved.float().network.state_dict())
    assert model.prior.means is means


LEARNT = """
import torch
from otlvm.priors import GaussianPrior

class Learnt(GaussianPrior):
    def __init__(self, shape: list[int]):
        super().__init__(torch.zeros(*shape), torch.eye(shape[1]).expand(shape[0], -1, -1))
        self.shape = tuple(shape)
        self.shift = torch.nn.Parameter(torch.zeros(2))
"""


def test_what_a_prior_learnt_is_taken_over(x, tmp_path, monkeypatch):
    (tmp_path / "learnt_prior.py").write_text(LEARNT)
    monkeypatch.syspath_prepend(tmp_path)
    prior = {"name": "learnt_prior:Learnt", "shape": [3, 2]}
    saved, model = make_model(prior), make_model(prior)
    torch.nn.init.constant_(saved.prior.shift, 3.0)
    saved.save(tmp_path)
    starts.build({"name": "trained", "run": str(tmp_path)}).prepare(model, x, 32)
    assert model.prior.shift.tolist() == [3, 3]
    assert model.prior.shift.requires_grad


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ({"prior": {**PRIOR, "distance": 5.0}}, "another prior: its means differ; remove the file"),
        ({"prior": {**PRIOR, "components": 2}}, "another prior: its means differ"),
        ({"network": {**MLP, "hidden": [9]}}, "of another training: .*size mismatch"),
    ],
)
def test_a_checkpoint_of_another_model_is_refused(x, tmp_path, model, told):
    path = tmp_path / "checkpoint"
    fit(make_model(), VAE(), x, steps=2, batch_size=32, checkpoints=Checkpoints(path, 1))
    with pytest.raises(CheckpointError, match=told):
        fit(make_model(**model), VAE(), x, steps=4, batch_size=32, checkpoints=Checkpoints(path, 1))
    history = fit(make_model(), VAE(), x, steps=4, batch_size=32, checkpoints=Checkpoints(path, 1))
    assert history.steps == 4


def codes():
    torch.manual_seed(0)
    z = torch.randn(10, 3, 2)
    return MixturePosterior(torch.randn(10, 3), z, torch.ones_like(z), z)


@pytest.mark.parametrize("make", [IMQMMD, CramerWold, lambda: Separate(z=IMQMMD(), k=IMQMMD())])
def test_what_was_computed_of_a_prior_is_forgotten_when_its_tensors_change(make):
    divergence, fresh = make(), make()
    prior = GaussianMixture(components=3, dim=2)
    other = GaussianMixture(components=3, dim=2, sigma=3.0)
    other.weight_logits.copy_(torch.tensor([0.7, 0.2, 0.1]).log())
    before = divergence(codes(), prior)
    prior.load_state_dict(other.state_dict())
    prior.weight_logits.copy_(other.weight_logits)
    after, wanted = divergence(codes(), prior), fresh(codes(), other)
    torch.testing.assert_close(after, wanted)
    assert abs(float(after - before)) > 0.1 * abs(float(before))


def test_a_learned_prior_that_is_held_trained_and_held_again_is_not_that_of_before():
    divergence, prior = IMQMMD(), GaussianMixture(components=3, dim=2, learn=True)
    prior.requires_grad_(False)
    divergence(codes(), prior)
    prior.requires_grad_(True)
    with torch.no_grad():
        prior.means.mul_(3)
    prior.requires_grad_(False)
    torch.testing.assert_close(divergence(codes(), prior), IMQMMD()(codes(), prior))
