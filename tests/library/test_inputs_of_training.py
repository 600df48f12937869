"""Training, divergences and evaluation with what a colleague might hand over."""

import pytest
import torch
from torch import nn

from otlvm import LatentMixtureModel, fit, pretrain_moments
from otlvm.data import Dataset
from otlvm.divergences import by_mass, divergences
from otlvm.evaluation import (
    component_probabilities,
    curve_point,
    evaluate,
    evaluation_mode,
    latent_match,
    reconstruction_errors,
    show_assignments,
    show_model,
    show_snapshot,
)
from otlvm.evaluation.evaluate import assignment_scores
from otlvm.networks import MLP
from otlvm.objectives import VAE, WAE
from otlvm.priors import GaussianMixture, Prior
from otlvm.starts import Distill
from tests.support import refused

PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}
MLP_SPEC = {"name": "mlp", "hidden": [8], "component_hidden": [8]}


def make_model(shape=(1, 4, 4)):
    torch.manual_seed(0)
    return LatentMixtureModel(shape, MLP_SPEC, PRIOR).eval()


@pytest.fixture
def model():
    return make_model()


@pytest.fixture
def x():
    return torch.rand(64, 16, generator=torch.Generator().manual_seed(0))


# fit


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda x: 255 * x, "the data span [0."),
        (lambda x: x - 0.5, "say 'likelihood: gaussian' in model:, or in data: 'scale: unit'"),
        (lambda x: x / (x > 0.5), "hold infinite numbers"),
        (lambda x: x.masked_fill(x > 0.9, float("nan")), "hold NaN (not a number)"),
        (lambda x: x[:0], "x is empty"),
    ],
)
def test_values_are_read_before_training(model, x, change, told):
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    refused(ValueError, lambda: fit(model, "vae", change(x), steps=1, batch_size=8), told)
    assert all(torch.equal(before[name], t) for name, t in model.state_dict().items())


def test_fit_understands_what_the_model_does(x):
    states = []
    for given in (x, x.view(-1, 1, 4, 4), x.double().numpy()):
        model = make_model()
        fit(model, VAE(), given, steps=2, batch_size=8)
        states.append(model.state_dict())
    for other in states[1:]:
        assert all(torch.equal(states[0][key], other[key]) for key in other)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"steps": -1}, ValueError, "steps is -1: at least 0"),
        ({"steps": 1e3}, TypeError, "steps is 1000.0: a whole number"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"batch_size": 65}, ValueError, "batch_size 65 is larger than the data (64 images)"),
        ({"log_every": 0}, ValueError, "log_every is 0"),
        ({"learning_rate": 0}, ValueError, "learning_rate is 0: a number above 0"),
        ({"learning_rate": float("nan")}, ValueError, "learning_rate is nan"),
        ({"learning_rate": "1e-3"}, TypeError, "learning_rate is '1e-3': a number above 0"),
        ({"stop": 5}, TypeError, "stop is an int, a Stop is wanted: fit(..., stop=Stop("),
        ({"checkpoints": "a"}, TypeError, "checkpoints is a str, a Checkpoints is wanted"),
        ({"evaluate": lambda model: None}, TypeError, "what evaluate returns is None"),
    ],
)
def test_numbers_of_fit(model, x, options, error, told):
    refused(error, lambda: fit(model, VAE(), x, **{"steps": 1, "batch_size": 8, **options}), told)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"steps": -1}, ValueError, "steps is -1: at least 0"),
        ({"steps": 1.5}, TypeError, "steps is 1.5: a whole number"),
        ({"batch_size": 0}, ValueError, "batch_size is 0"),
        ({"learning_rate": -1.0}, ValueError, "learning_rate is -1.0: a number above 0"),
    ],
)
def test_numbers_of_the_moment_start(model, x, options, error, told):
    refused(error, lambda: pretrain_moments(model, x, **options), told)


def test_arguments_in_another_order(model, x):
    refused(TypeError, lambda: fit(VAE(), model, x), "model is a VAE, a LatentMixtureModel is")
    refused(TypeError, lambda: fit(LatentMixtureModel, VAE(), x), "the class LatentMixtureModel")


def test_steps_wait_for_nothing(model, x, monkeypatch):
    """Values are read in `fit`: a model's calls read none, or these tensors would fail.

    But for weights on a CPU, where nothing is waited for: this is a GPU's step.
    """
    from torch._subclasses.fake_tensor import FakeTensorMode

    monkeypatch.setattr(by_mass, "choosable", lambda a: a.device.type == "cuda")
    prior = GaussianMixture(3, 2)
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake = mode.from_tensor(x)
        posterior = model.encode(fake)
        assert posterior.z.shape == (64, 3, 2)
        assert divergences.build("energy")(posterior, prior).shape == ()


def test_checks_break_no_compiled_graph(model, x):
    explained = torch._dynamo.explain(lambda x: model.decode(model.encode(x).z))(x)
    assert explained.graph_break_count == 0
    assert explained.graph_count == 1


# networks


class ForgetsK(nn.Module):
    def forward(self, x):
        return x[:, :2], x[:, :2]


@pytest.mark.parametrize("k", [0, 1, 2])
def test_a_network_that_answers_in_another_shape_is_refused(x, k):
    class Lacks(MLP):
        def encode(self, x):
            parts = list(super().encode(x))
            parts[k] = parts[k][:, 0]
            return tuple(parts)

    prior = GaussianMixture(3, 2)
    model = LatentMixtureModel((1, 4, 4), Lacks((1, 4, 4), 3, 2, hidden=[8]), prior)
    name = ("logits", "means", "standard deviations")[k]
    refused(ValueError, lambda: model.encode(x), f"the network's {name} have shape [64")
    network = MLP((1, 4, 4), 3, 2, hidden=[8])
    network.components = ForgetsK()
    forgetful = LatentMixtureModel((1, 4, 4), network, prior)
    refused(ValueError, lambda: forgetful.encode(x), "[64, 2], [64, 3, 2] is wanted: [n, K, d]")


# divergences


@pytest.mark.parametrize("name", list(divergences))
def test_a_posterior_of_another_prior_is_refused(model, x, name):
    posterior, divergence = model.encode(x), divergences.build(name)
    other = GaussianMixture(components=3, dim=4)
    refused(ValueError, lambda: divergence(posterior, other), "2 dimensions, the prior has 4")
    refused(TypeError, lambda: divergence(posterior.z, other), "a MixturePosterior is wanted")


@pytest.mark.parametrize("name", ["imq_mmd", "energy"])
def test_joint_divergences_compare_as_many_components(model, x, name):
    divergence = divergences.build({"name": name, "on": "joint"})
    other = GaussianMixture(components=2, dim=2)
    refused(ValueError, lambda: divergence(model.encode(x), other), "has 3 components, the prior 2")


# evaluation


@pytest.fixture
def data(x):
    labels = torch.arange(64) % 3
    return Dataset("noise", (1, 4, 4), x[:40], labels[:40], x[40:], labels[40:])


@pytest.mark.parametrize("measure", [evaluate, curve_point, show_model, show_snapshot])
def test_a_data_set_is_measured(model, x, measure):
    refused(TypeError, lambda: measure(model, x), "data is a Tensor, a Dataset is wanted")


def test_images_are_measured_in_any_shape(model, x):
    with evaluation_mode(model):
        for measure in (component_probabilities, reconstruction_errors, latent_match):
            results = []
            for given in (x, x.view(-1, 1, 4, 4), x.numpy()):
                torch.manual_seed(0)
                results.append(measure(model, given))
            assert all(torch.as_tensor(results[0] == other).all() for other in results[1:])


def test_data_of_other_images_are_refused(x, data):
    refused(ValueError, lambda: evaluate(make_model((1, 5, 5)), data), "takes [n, 25]")


def test_assignments_are_a_row_an_image(data):
    pi = torch.full((24, 3), 1 / 3)
    refused(ValueError, lambda: assignment_scores(pi, pi, data), "pi_train has shape [24, 3], [40")
    refused(ValueError, lambda: show_assignments(pi[:, 0], data), "pi has shape [24], [24, K]")
    refused(TypeError, lambda: show_assignments(pi.numpy(), data), "pi is an ndarray, a Tensor is")


# what happens before training


def test_pretraining_and_starts_understand_what_the_model_does(x):
    from otlvm.baselines import KMeans

    for prepare in (
        lambda model, given: pretrain_moments(model, given, steps=2, batch_size=8),
        lambda model, given: Distill(KMeans(n_init=1), steps=2).prepare(model, given, 8),
    ):
        states = []
        for given in (x, x.view(-1, 4, 4).numpy()):
            model = make_model()
            torch.manual_seed(0)
            prepare(model, given)
            states.append(model.state_dict())
        assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_a_prior_of_your_own_is_asked_for_a_positive_number():
    class Point(Prior):
        def sample_components(self, n):
            return torch.zeros(n, self.n_components, self.dim)

        def component_log_prob(self, z):
            return z.sum(-1, keepdim=True)

        def moments(self):
            raise NotImplementedError

    refused(ValueError, lambda: Point(1, 2).sample(-1), "n is -1")
    assert WAE(divergences.build("energy")).weight.value == 500
