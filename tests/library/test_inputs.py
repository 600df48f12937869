"""Calls with what a colleague might hand over: understood, or refused in one line."""

import numpy as np
import pytest
import torch
from torch import nn

from otlvm import LatentMixtureModel, fit, pretrain_moments
from otlvm.data import Dataset
from otlvm.divergences import divergences
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
from otlvm.objectives import VAE, WAE, objectives
from otlvm.priors import GaussianMixture, Prior, StandardNormal
from otlvm.starts import Distill

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


def refused(error, call, *told):
    with pytest.raises(error) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 200
    for part in told:
        assert part in text


# images


def big_endian(x):
    return x.numpy().astype(">f4")


def read_only(x):
    array = x.numpy().copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    "given",
    [
        lambda x: x.view(-1, 1, 4, 4),
        lambda x: x.view(-1, 4, 4),
        lambda x: x.view(-1, 4, 4, 1),
        lambda x: x.double(),
        lambda x: x.numpy(),
        lambda x: x.numpy().reshape(-1, 4, 4),
        lambda x: x.double().numpy(),
        lambda x: x.flip(0).numpy()[::-1],
        big_endian,
        read_only,
    ],
)
def test_images_are_understood(model, x, given):
    assert torch.equal(model.images(given(x)), x)
    torch.manual_seed(1)
    expected = model.encode(x).z
    torch.manual_seed(1)
    assert torch.equal(model.encode(given(x)).z, expected)
    assert model.reconstruct(given(x)).shape == x.shape


def test_images_take_the_models_precision(model, x):
    double = model.double()
    assert double.encode(x.numpy()).z.dtype == torch.float64
    assert double.encode(x.half()).z.dtype == torch.float64
    assert double.images(x) is not x
    assert double.images(x.double()).dtype == torch.float64


def test_images_of_the_right_kind_are_passed_on_as_they_are(model, x):
    assert model.images(x) is x


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        (lambda x: (255 * x).byte(), TypeError, "images are uint8, floats are wanted"),
        (lambda x: (255 * x).byte().numpy(), TypeError, "bytes by x / 255"),
        (lambda x: (255 * x).long(), TypeError, "scale them to [0, 1]"),
        (lambda x: x > 0.5, TypeError, "images are bool"),
        (lambda x: x.tolist(), TypeError, "images are a list, a tensor or NumPy array of floats"),
        (lambda x: None, TypeError, "images are None"),
        (lambda x: x[:, :15], ValueError, "[64, 15], this model takes [n, 16] or [n, 1, 4, 4]"),
        (lambda x: x[0], ValueError, "one image is x[None]"),
        (lambda x: x[0].view(4, 4), ValueError, "one image is x[None]"),
        (lambda x: x.view(-1, 1, 1, 4, 4), ValueError, "images have shape [64, 1, 1, 4, 4]"),
        (lambda x: torch.tensor(0.5), ValueError, "images have shape []"),
        (lambda x: x.to("meta"), ValueError, "images are on meta, the model is on cpu: give x.to("),
    ],
)
def test_other_images_are_refused(model, x, given, error, told):
    refused(error, lambda: model.encode(given(x)), told)
    refused(error, lambda: model.reconstruct(given(x)), told)
    refused(error, lambda: fit(model, "vae", given(x), steps=1, batch_size=8), told)


def test_colours():
    model = make_model((3, 4, 4))
    x = torch.rand(5, 3, 4, 4)
    assert torch.equal(model.images(x), x.flatten(1))
    last = x.permute(0, 2, 3, 1)
    refused(ValueError, lambda: model.encode(last), "put the channels first, x.permute(0, 3, 1, 2)")
    refused(ValueError, lambda: model.encode(x[0]), "one image is x[None]")
    refused(ValueError, lambda: model.encode(x[:, 0]), "takes [n, 48] or [n, 3, 4, 4]")


@pytest.mark.parametrize("shape", [(4, 4), 16, (1, 4, 0), (1, 4.0, 4)])
def test_an_image_shape_is_three_sizes(shape):
    refused(ValueError, lambda: LatentMixtureModel(shape, "mlp", PRIOR), "such as (1, 28, 28)")


@pytest.mark.parametrize("name", list(objectives))
def test_objectives_take_what_the_model_takes(model, x, name):
    spec = {"name": name, **({"divergence": "energy"} if name == "wae" else {})}
    totals = []
    for given in (x, x.view(-1, 1, 4, 4), x.view(-1, 4, 4).numpy()):
        torch.manual_seed(0)
        totals.append(objectives.build(spec)(model, given).total)
    assert totals[0] == totals[1] == totals[2]


# codes


def test_codes_are_understood(model):
    z = model.prior.sample(5)
    assert torch.equal(model.decode(z.double().numpy()), model.decode(z))
    assert model.decode(z[0]).shape == (16,)
    assert model.decode_logits(z.view(1, 5, 2)).shape == (1, 5, 16)
    assert model.interpolate(z.numpy(), z.flip(0).numpy(), 4).shape == (4, 5, 16)


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        (lambda z: z[:, :1], ValueError, "codes have shape [5, 1], the prior's are [..., 2]"),
        (lambda z: z[0, 0], ValueError, "codes have shape []"),
        (lambda z: z.long(), TypeError, "codes are int64, floats are wanted"),
        (lambda z: 3, TypeError, "codes are an int, a tensor or NumPy array"),
        (lambda z: z.to("meta"), ValueError, "codes are on meta"),
    ],
)
def test_other_codes_are_refused(model, given, error, told):
    z = model.prior.sample(5)
    refused(error, lambda: model.decode(given(z)), told)
    refused(error, lambda: model.interpolate(given(z), z), told)
    refused(error, lambda: model.interpolate(z, given(z)), told)
    refused(error, lambda: model.prior.component_log_prob(given(z)), told.replace("model", "prior"))


def test_a_posterior_is_not_codes(model, x):
    posterior = model.encode(x)
    refused(TypeError, lambda: model.decode(posterior), "posterior.likeliest()")


def test_ends_of_an_interpolation_are_alike(model):
    z = model.prior.sample(5)
    refused(ValueError, lambda: model.interpolate(z[:3], z), "[3, 2]", "[5, 2]")
    refused(ValueError, lambda: model.interpolate(z, z, 1), "steps is 1: at least 2 is wanted")


# numbers


@pytest.mark.parametrize(
    ("n", "error", "told"),
    [
        (0, ValueError, "n is 0: at least 1 is wanted"),
        (-1, ValueError, "n is -1"),
        (2.0, TypeError, "n is 2.0: a whole number is wanted"),
        (True, TypeError, "n is True"),
        ("3", TypeError, "n is '3'"),
        (None, TypeError, "n is None"),
    ],
)
def test_how_many_is_a_positive_whole_number(model, n, error, told):
    for call in (
        model.sample,
        model.prior.sample,
        model.prior.sample_components,
        lambda n: model.sample_component(0, n),
        StandardNormal(2).sample,
    ):
        refused(error, lambda call=call: call(n), told)


def test_whole_numbers_of_numpy_and_torch_will_do(model):
    assert model.sample(np.int64(3)).shape == (3, 16)
    assert model.sample_component(torch.tensor(2), np.uint8(3)).shape == (3, 16)


@pytest.mark.parametrize("k", [-1, 3, 10**30])
def test_only_the_priors_components_are_sampled(model, k):
    refused(ValueError, lambda: model.sample_component(k, 2), f"k is {k}", "are 0 to 2")


def test_a_component_is_a_whole_number(model):
    refused(TypeError, lambda: model.sample_component(1.0, 2), "k is 1.0: a whole number")
    alone = LatentMixtureModel((1, 4, 4), MLP_SPEC, {"name": "standard_normal", "dim": 2})
    refused(ValueError, lambda: alone.sample_component(1, 2), "has one component, 0")


# fit


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda x: 255 * x, "training images span [0."),
        (lambda x: x - 0.5, "scale them to [0, 1]"),
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
    ],
)
def test_numbers_of_fit(model, x, options, error, told):
    refused(error, lambda: fit(model, VAE(), x, **{"steps": 1, "batch_size": 8, **options}), told)


def test_arguments_in_another_order(model, x):
    refused(TypeError, lambda: fit(VAE(), model, x), "model is a VAE, a LatentMixtureModel is")
    refused(TypeError, lambda: fit(LatentMixtureModel, VAE(), x), "the class LatentMixtureModel")


def test_steps_wait_for_nothing(model, x):
    """Values are read in `fit`: a model's calls read none, or these tensors would fail."""
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake = mode.from_tensor(x)
        posterior = make_model().encode(fake)
        assert posterior.z.shape == (64, 3, 2)
        assert divergences.build("energy")(posterior, GaussianMixture(3, 2)).shape == ()


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
    assert WAE(divergences.build("energy")).weight == 500
