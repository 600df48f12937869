"""Properties that every registered prior, divergence, objective, network and data set has."""

import copy

import pytest
import torch

from otlvm import LatentMixtureModel, fit, load, pretrain_moments
from otlvm.baselines import baselines
from otlvm.data import datasets
from otlvm.divergences import Divergence, divergences
from otlvm.expectations import expectations
from otlvm.features import features
from otlvm.inference import inferences
from otlvm.latents import MixturePosterior
from otlvm.likelihoods import likelihoods
from otlvm.networks import inits, networks
from otlvm.objectives import objectives
from otlvm.optimizers import optimizers
from otlvm.priors import priors
from otlvm.schedules import schedules
from otlvm.starts import starts
from otlvm.weights import weights

SHAPE = (1, 8, 8)
OFFLINE = ["digits", "mnist_5k"]
SMALL = {
    "conv_mlp": {"name": "conv_mlp", "encoder_filters": 4, "hidden": [16]},
    "mlp": {"name": "mlp", "hidden": [16]},
    "paper_conv": {"name": "paper_conv", "encoder_filters": 4, "decoder_filters": 2},
    "shared": {"name": "shared", "hidden": [16], "component_hidden": [16]},
    "stacked": {"name": "stacked", "hidden": [16, 24]},
}
DTYPES = [torch.float32, torch.float64]


def with_expectation(spec, expectation):
    """Say how the objective, or the one that it is made of, takes the decoder's expectation."""
    if "expectation" in objectives.parameters(spec["name"]):
        return {**spec, "expectation": expectation}
    return {**spec, "of": {"name": "vae", "expectation": expectation}}


def objective_spec(name):
    return {"name": name, **({"divergence": "imq_mmd"} if name == "wae" else {})}


def make_model(network="mlp", prior="gaussian_mixture"):
    torch.manual_seed(0)
    return LatentMixtureModel(SHAPE, SMALL.get(network, network), prior)


def images(n=12, dtype=torch.float32):
    rng = torch.Generator().manual_seed(1)
    return torch.rand(n, 64, generator=rng).to(dtype)


def learns(divergence):
    return type(divergence).update is not Divergence.update


def all_grads_finite_and_some_not_zero(module):
    grads = {name: p.grad for name, p in module.named_parameters()}
    missing = [name for name, grad in grads.items() if grad is None]
    assert not missing
    assert all(torch.isfinite(grad).all() for grad in grads.values())
    return [name for name, grad in grads.items() if not grad.any()]


NEEDED = {"mixture": {"means": [[0.0, 1.0], [3.0, 0.0]], "weights": [0.2, 0.8]}}


def prior_spec(name):
    return {"name": name, **NEEDED.get(name, {})}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", list(priors))
class TestPrior:
    def test_shapes(self, name, dtype):
        prior = priors.build(prior_spec(name)).to(dtype)
        n_components, dim = prior.n_components, prior.dim
        z = prior.sample(7)
        assert z.shape == (7, dim)
        assert z.dtype == dtype
        assert prior.sample_components(5).shape == (5, n_components, dim)
        assert prior.log_prob(z).shape == (7,)
        assert prior.component_log_prob(z).shape == (7, n_components)
        assert prior.responsibilities(z[:, None]).shape == (7, 1, n_components)
        means, covariances = prior.moments()
        assert means.shape == (n_components, dim)
        assert covariances.shape == (n_components, dim, dim)
        assert not list(prior.parameters())

    def test_same_seed_same_sample(self, name, dtype):
        prior = priors.build(prior_spec(name)).to(dtype)
        torch.manual_seed(3)
        first = prior.sample(5)
        torch.manual_seed(3)
        assert torch.equal(first, prior.sample(5))

    def test_repr(self, name, dtype):
        assert "n_components=" in repr(priors.build(prior_spec(name)).to(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("prior_name", list(priors))
@pytest.mark.parametrize("name", list(divergences))
class TestDivergence:
    def posterior(self, prior, dtype, shift=0.0):
        torch.manual_seed(0)
        z = prior.sample_components(16).to(dtype) + shift
        logits = torch.randn(16, prior.n_components, dtype=dtype)
        z, logits = z.requires_grad_(), logits.requires_grad_()
        return MixturePosterior(logits, z, torch.ones_like(z), z)

    def test_scalar_with_gradients(self, name, prior_name, dtype):
        prior = priors.build(prior_spec(prior_name)).to(dtype)
        posterior = self.posterior(prior, dtype, shift=0.5)
        value = divergences.build(name)(posterior, prior)
        assert value.shape == ()
        assert value.dtype == dtype
        value.backward()
        assert torch.isfinite(posterior.z.grad).all()
        assert posterior.z.grad.abs().sum() > 0
        assert torch.isfinite(posterior.logits.grad).all()
        if prior.n_components > 1:
            assert posterior.logits.grad.abs().sum() > 0

    def test_same_seed_same_value(self, name, prior_name, dtype):
        prior = priors.build(prior_spec(prior_name)).to(dtype)
        posterior = self.posterior(prior, dtype)
        divergence = divergences.build(name)
        values = []
        for _ in range(2):
            torch.manual_seed(5)
            values.append(divergence(posterior, prior))
        assert torch.equal(*values)

    def test_grows_with_distance(self, name, prior_name, dtype):
        prior = priors.build(prior_spec(prior_name)).to(dtype)
        divergence = divergences.build(name)
        values = []
        for shift in (0.0, 1.0, 3.0):
            posterior = self.posterior(prior, dtype, shift)
            for _ in range(100 if learns(divergence) else 0):
                divergence.update(posterior.detach(), prior)
            values.append(float(divergence(posterior, prior).detach()))
        assert values == sorted(values)

    def test_repr(self, name, prior_name, dtype):
        assert "=" in repr(divergences.build(name))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("network", list(networks))
class TestModel:
    def test_shapes(self, network, dtype):
        model = make_model(network).to(dtype)
        x = images(dtype=dtype)
        posterior = model.encode(x)
        assert posterior.logits.shape == (12, 10)
        assert posterior.mean.shape == posterior.std.shape == posterior.z.shape == (12, 10, 10)
        assert (posterior.std > 0).all()
        assert model.decode_logits(posterior.z).shape == (12, 10, 64)
        assert model.sample_component(3, 4).shape == (4, 64)
        assert model.interpolate(posterior.z[0, 0], posterior.z[1, 0], 5).shape == (5, 64)
        for images_out in (model.reconstruct(x), model.sample(12), model.decode(posterior.z[:, 0])):
            assert images_out.shape == (12, 64)
            assert images_out.dtype == dtype
            assert ((images_out >= 0) & (images_out <= 1)).all()

    @pytest.mark.parametrize("expectation", list(expectations))
    @pytest.mark.parametrize("objective", list(objectives))
    def test_finite_gradients_for_every_parameter(self, network, dtype, objective, expectation):
        model = make_model(network).to(dtype)
        spec = with_expectation(objective_spec(objective), expectation)
        losses = objectives.build(spec)(model, images(dtype=dtype))
        losses.total.backward()
        zero = all_grads_finite_and_some_not_zero(model)
        # What batch norm centres away, and only that, has no gradient (up to rounding).
        assert all(name.endswith("bias") for name in zero)

    def test_save_and_load(self, network, dtype, tmp_path):
        model = make_model(network).to(dtype).eval()
        model.save(tmp_path / "model")
        restored = load(tmp_path / "model")
        assert not restored.training
        assert restored.config == model.config
        torch.testing.assert_close(restored.state_dict(), model.state_dict(), rtol=0, atol=0)
        z = model.prior.sample(3)
        assert torch.equal(restored.decode(z), model.decode(z))

    def test_repr(self, network, dtype):
        text = repr(make_model(network).to(dtype))
        assert type(make_model(network).network.components).__name__ in text
        assert "n_components=10" in text


@pytest.mark.parametrize("objective", list(objectives))
def test_training_is_bitwise_reproducible(objective):
    states = []
    for _ in range(2):
        model = make_model()
        torch.manual_seed(0)
        x = images(40)
        pretrain_moments(model, x, steps=3, batch_size=8)
        history = fit(model, objectives.build(objective_spec(objective)), x, steps=6, batch_size=8)
        states.append((copy.deepcopy(model.state_dict()), history.rows))
    assert all(torch.equal(states[0][0][key], states[1][0][key]) for key in states[0][0])
    assert states[0][1] == states[1][1]


@pytest.mark.parametrize("name", OFFLINE)
def test_datasets(name):
    data = datasets.build(name)
    pixels = data.image_shape[0] * data.image_shape[1] * data.image_shape[2]
    for x, y in ((data.x_train, data.y_train), (data.x_test, data.y_test)):
        assert x.shape == (len(y), pixels)
        assert x.min() == 0
        assert x.max() == 1
        assert set(y.tolist()) == set(range(10))
    assert len(datasets.build(name).checksum) == 64
    assert data.checksum == datasets.build(name).checksum


def test_every_name_has_a_summary_and_documents_its_parameters():
    for registry in (
        priors,
        divergences,
        objectives,
        expectations,
        networks,
        inits,
        optimizers,
        schedules,
        starts,
        weights,
        inferences,
        likelihoods,
        datasets,
        baselines,
        features,
    ):
        for name in registry:
            assert registry.summary(name).endswith("."), name
            for parameter in registry.parameters(name):
                assert f"{parameter}: " in (registry.get(name).__doc__ or ""), (name, parameter)
