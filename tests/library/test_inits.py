"""What the weights of a network are before training."""

import pytest
import torch
from torch import nn

from otlvm.networks import ComponentLinear
from otlvm.registry import RegistryError
from tests.small_networks import SMALL, build

WIDE = {name: {"component_hidden": [64]} for name in SMALL} | {"stacked": {"hidden": [64]}}


def layers_of(network):
    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, ComponentLinear)
    return [module for module in network.modules() if isinstance(module, kinds)]


@pytest.mark.parametrize("name", SMALL)
def test_the_default_init_is_pytorch_s(name):
    for one, two in zip(
        build(name).parameters(), build(name, init="pytorch").parameters(), strict=True
    ):
        assert torch.equal(one, two)


@pytest.mark.parametrize("name", SMALL)
def test_truncated_normal_weights(name):
    """The std of a normal cut at 2 is .8796 of it; no weight lies beyond 2, biases are 0."""
    network = build(name, **WIDE[name], init={"name": "truncated_normal", "std": 0.5})
    for layer in layers_of(network):
        assert layer.weight.abs().max() <= 1.0
        assert not layer.bias.any()
    weights = max((layer.weight.detach() for layer in layers_of(network)), key=torch.numel)
    assert float(weights.std()) == pytest.approx(0.5 * 0.8796, rel=0.05)
    assert float(weights.mean()) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("name", SMALL)
def test_glorot_weights_reach_their_bound_and_no_further(name):
    """sqrt(6 / (inputs + outputs)), of each component net by itself and with a kernel's places."""
    for layer in layers_of(build(name, **WIDE[name], init="glorot")):
        shape = layer.weight.shape[1:] if isinstance(layer, ComponentLinear) else layer.weight.shape
        places = shape[2] * shape[3] if len(shape) == 4 else 1
        bound = (6 / ((shape[0] + shape[1]) * places)) ** 0.5
        assert layer.weight.abs().max() <= bound
        if layer.weight.numel() > 500:
            assert layer.weight.abs().max() > 0.97 * bound
        assert not layer.bias.any()


def test_bad_inits_are_refused():
    with pytest.raises(RegistryError, match="must be positive") as error:
        build("mlp", init={"name": "truncated_normal", "std": 0.0})
    assert error.value.path == ("init",)
