"""Calls with what a colleague might hand over: understood, or refused in one line."""

import numpy as np
import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.objectives import objectives
from otlvm.priors import StandardNormal
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
