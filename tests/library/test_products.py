"""Products by oneDNN are those of torch, and their gradients too."""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from otlvm import LatentMixtureModel, metrics
from otlvm.data import digits
from otlvm.networks import products
from otlvm.networks.products import Linear, product
from tests.small_networks import PRIOR, SHAPE, SMALL


@pytest.fixture(params=[True, False], ids=["oneDNN's", "torch's"])
def by_onednn(request, monkeypatch):
    """Whatever processor the tests run on."""
    monkeypatch.setattr(products, "_faster_here", lambda: request.param)
    monkeypatch.setattr(products, "LEAST", 1)
    return request.param


@pytest.mark.parametrize("sizes", [(7, 5, 3), (1, 4, 1), (130, 784, 65), (0, 4, 2)])
@pytest.mark.parametrize("turned", [False, True])
def test_values_and_gradients_are_those_of_double_precision(sizes, turned, by_onednn):
    torch.manual_seed(0)
    n, i, o = sizes
    a, b = torch.randn(n, i), torch.randn(o, i)
    if turned:  # matrices that do not lie row by row
        a, b = a.T.contiguous().T, b.T.contiguous().T
    a.requires_grad_(), b.requires_grad_()
    weights = torch.randn(n, o)
    found = product(a, b)
    exact = a.double() @ b.double().T
    torch.testing.assert_close(found.double(), exact, rtol=1e-4, atol=1e-4)
    gradients = torch.autograd.grad(found, (a, b), weights)
    for gradient, expected in zip(
        gradients, torch.autograd.grad(exact, (a, b), weights.double()), strict=True
    ):
        torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-4)


def test_a_linear_layer_is_torchs(by_onednn):
    torch.manual_seed(0)
    ours, theirs = Linear(6, 4), nn.Linear(6, 4)
    theirs.load_state_dict(ours.state_dict())
    for x in (torch.randn(9, 6), torch.randn(2, 3, 6), torch.randn(6)):
        torch.testing.assert_close(ours(x), theirs(x))
    x = torch.randn(9, 6)
    with torch.autocast("cpu", torch.bfloat16):
        assert ours(x).dtype == theirs(x).dtype
    assert ours.double()(x.double()).dtype == torch.float64


def test_columns_of_a_matrix_are_copied_first(by_onednn):
    torch.manual_seed(0)
    x, whole = torch.randn(6, 4), torch.randn(3, 9, requires_grad=True)
    found = product(x, whole[:, :4])
    torch.testing.assert_close(found, x @ whole[:, :4].T)
    (gradient,) = torch.autograd.grad(found.sum(), whole)
    torch.testing.assert_close(gradient[:, :4], x.sum(0).expand(3, 4))
    assert not gradient[:, 4:].any()


def test_gradients_have_gradients(by_onednn):
    torch.manual_seed(0)
    a, b = torch.randn(4, 3, requires_grad=True), torch.randn(2, 3, requires_grad=True)

    def curvature(multiply):
        (gradient,) = torch.autograd.grad(multiply(a, b).tanh().sum(), a, create_graph=True)
        return torch.autograd.grad(gradient.square().sum(), (a, b))

    for found, expected in zip(curvature(product), curvature(lambda p, q: p @ q.T), strict=True):
        torch.testing.assert_close(found, expected)


def test_a_matrix_without_gradient_gets_none(by_onednn):
    x, weight = torch.randn(5, 4), torch.randn(3, 4, requires_grad=True)
    product(x, weight).sum().backward()
    assert x.grad is None
    assert weight.grad is not None


@pytest.mark.parametrize("name", SMALL)
def test_operations_are_counted(name, monkeypatch):
    monkeypatch.setattr(products, "LEAST", 1)
    data, counts = digits(), []
    for way in (True, False):
        monkeypatch.setattr(products, "_faster_here", lambda way=way: way)
        torch.manual_seed(0)
        model = LatentMixtureModel(SHAPE, SMALL[name], PRIOR).eval()
        with (
            torch.no_grad(),
            FlopCounterMode(display=False, custom_mapping=products.counted()) as counter,
        ):
            model.reconstruct(torch.rand(1, *SHAPE))
        counts.append(counter.get_total_flops())
    assert counts[0] == counts[1] > 0
    monkeypatch.setattr(products, "_faster_here", lambda: True)
    model = LatentMixtureModel(data.image_shape, SMALL[name], PRIOR).eval()
    with torch.no_grad():
        assert metrics.Flops().compute(model, data)["flops"] > 0


def test_one_component_is_one_product(by_onednn):
    torch.manual_seed(0)
    model = LatentMixtureModel(SHAPE, SMALL["mlp"], {"name": "standard_normal", "dim": 2})
    layer, x = model.network.components.layers[0], torch.rand(5, 36)
    expected = torch.einsum("ni,kio->nko", x, layer.weight) + layer.bias
    torch.testing.assert_close(layer(x), expected)
