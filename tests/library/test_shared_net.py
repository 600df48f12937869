"""One net for all k: the same as a net of the pixels beside the one-hot k."""

import copy

import pytest
import torch

from otlvm import LatentMixtureModel
from otlvm.networks import SharedNet
from otlvm.networks.std import STDS
from otlvm.starts import starts
from tests.small_networks import DIM, PRIOR, SHAPE, SMALL, K, images


@pytest.mark.parametrize("normalization", ["batch", "layer", "none"])
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("hidden", [(5, 4), (6,), ()])
def test_the_shared_net_is_a_net_of_the_pixels_beside_the_one_hot_k(hidden, normalization, std):
    """Values, gradients and running statistics equal those of all n K rows [x, one-hot k]."""
    torch.manual_seed(0)
    nets = SharedNet(36, K, DIM, hidden, normalization, std).double()
    naive = copy.deepcopy(nets.net)
    x = images(dtype=torch.float64)
    rows = torch.cat([x.repeat_interleave(K, 0), torch.eye(K).double().repeat(len(x), 1)], 1)
    outputs = naive(rows).view(len(x), K, 2 * DIM)
    expected = outputs[..., :DIM], nets.std(outputs[..., DIM:])
    actual = nets(x)
    weights = torch.randn(2, len(x), K, DIM, dtype=torch.float64)
    for values in (actual, expected):
        (weights * torch.stack(values)).sum().backward()
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(nets.net.state_dict(), naive.state_dict(), rtol=0, atol=1e-12)
    for one, two in zip(nets.net.parameters(), naive.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, rtol=0, atol=1e-10)


def test_the_shared_net_in_single_precision():
    torch.manual_seed(0)
    nets = SharedNet(784, 10, 64)
    x = torch.rand(20, 784)
    rows = torch.cat([x.repeat_interleave(10, 0), torch.eye(10).repeat(20, 1)], 1)
    expected = nets.net(rows).view(20, 10, 128)[..., :64]
    torch.testing.assert_close(nets(x)[0], expected, rtol=0, atol=1e-6)


def test_the_shared_net_cannot_start_at_the_prior():
    model = LatentMixtureModel(SHAPE, SMALL["shared"], PRIOR)
    with pytest.raises(TypeError, match="knows ComponentNets, not SharedNet"):
        starts.build("prior").prepare(model, images(), 20)


def test_the_shared_net_learns_the_prior_s_moments():
    """As Shu's must: what k says passes through one row of the first layer's weights."""
    torch.manual_seed(0)
    model = LatentMixtureModel(SHAPE, {"name": "shared", "component_hidden": [32]}, PRIOR)
    spec = {"name": "moments", "steps": 300, "learning_rate": 3e-3}
    starts.build(spec).prepare(model, images(40), 20)
    mean, _ = model.prior.moments()
    found = model.network.encode(images(40))[1].detach().mean(0)
    torch.testing.assert_close(found, mean, rtol=0, atol=0.1)
