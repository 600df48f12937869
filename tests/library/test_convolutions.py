"""Convolutions whose bias' gradient is a sum of its own, against torch's."""

import pytest
import torch
from torch import nn
from torch.autograd import gradgradcheck
from torch.func import functional_call

from otlvm.networks.convolutions import Convolution, TransposedConvolution
from tests.small_networks import build

CASES = {
    "strided": (Convolution, nn.Conv2d, {"stride": 2, "padding": 2}),
    "1x1": (Convolution, nn.Conv2d, {"kernel_size": 1}),
    "transposed": (
        TransposedConvolution, nn.ConvTranspose2d,
        {"stride": 2, "padding": 2, "output_padding": 1},
    ),
}  # fmt: skip


def pair(case, dtype=torch.float64):
    """Return ours, and torch's with the same state."""
    kind, usual, options = CASES[case]
    torch.manual_seed(0)
    options = {"kernel_size": 5, **options}
    ours, theirs = kind(4, 3, **options).to(dtype), usual(4, 3, **options).to(dtype)
    theirs.load_state_dict(ours.state_dict())  # the same keys
    return ours, theirs


@pytest.mark.parametrize("memory", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("case", CASES)
def test_values_and_gradients_are_torchs(case, memory):
    ours, theirs = pair(case)
    x = torch.randn(2, 4, 7, 6, dtype=torch.float64).contiguous(memory_format=memory)
    x.requires_grad_()
    assert torch.equal(ours(x), theirs(x))
    towards = torch.randn_like(theirs(x))
    found = torch.autograd.grad(ours(x), (x, *ours.parameters()), towards)
    expected = torch.autograd.grad(theirs(x), (x, *theirs.parameters()), towards)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_gradients_have_gradients(case):
    ours, _ = pair(case)
    x = torch.randn(1, 4, 3, 3, dtype=torch.float64, requires_grad=True)

    def outputs(x, weight, bias):
        return functional_call(ours, {"weight": weight, "bias": bias}, (x,)).square()

    assert gradgradcheck(outputs, (x, ours.weight, ours.bias))


def test_a_bias_that_is_held_has_no_gradient():
    ours, _ = pair("strided")
    ours.bias.requires_grad_(False)
    ours(torch.randn(2, 4, 7, 6, dtype=torch.float64)).sum().backward()
    assert ours.bias.grad is None
    assert ours.weight.grad is not None


def test_the_papers_networks_are_made_of_them():
    layers = [*build("paper_conv").modules(), *build("conv_mlp").modules()]
    kinds = {type(layer) for layer in layers if isinstance(layer, nn.modules.conv._ConvNd)}
    assert kinds == {Convolution, TransposedConvolution}
