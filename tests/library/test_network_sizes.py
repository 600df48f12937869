"""Numbers of parameters, counted by hand."""

import math

import pytest
import torch

from otlvm.networks import networks
from otlvm.registry import RegistryError


def test_the_paper_s_code_of_2018():
    """Classifier 16-32-64, decoder 64-32-16-1, no norm after its linear layer; sizes by hand."""
    parameters = {"encoder_filters": 64, "decoder_filters": 16, "component_hidden": [16, 16],
                  "decoder_linear_normalization": "none", "std": "softplus_variance"}  # fmt: skip
    context = {"image_shape": (1, 28, 28), "n_components": 10, "dim": 9}
    network = networks.build({"name": "paper_conv", **parameters}, **context)
    assert count(network.classifier) == (
        (25 * 1 * 16 + 16) + 2 * 16 + (25 * 16 * 32 + 32) + 2 * 32 + (25 * 32 * 64 + 64) + 2 * 64
        + (64 * 4 * 4 * 10 + 10)
    )  # fmt: skip
    one = (784 * 16 + 16) + 2 * 16 + (16 * 16 + 16) + 2 * 16 + (16 * 18 + 18)
    assert count(network.components) == 10 * one
    assert count(network.decoder) == (
        (9 * 64 * 7 * 7 + 64 * 7 * 7) + (25 * 64 * 32 + 32) + 2 * 32
        + (25 * 32 * 16 + 16) + 2 * 16 + (16 + 1)
    )  # fmt: skip


@pytest.mark.parametrize(("image_shape", "pixels"), [((1, 32, 32), 8 * 8), ((3, 28, 20), 7 * 5)])
def test_the_classifier_of_the_paper_s_code_of_2021(image_shape, pixels):
    """Two convolutions of 4x4 with 128 and 256 filters; sizes by hand."""
    parameters = {"encoder_filters": 256, "encoder_layers": 2, "encoder_kernel": 4}
    context = {"image_shape": image_shape, "n_components": 10, "dim": 10}
    network = networks.build({"name": "paper_conv", **parameters}, **context)
    assert count(network.classifier) == (
        (16 * image_shape[0] * 128 + 128) + 2 * 128 + (16 * 128 * 256 + 256) + 2 * 256
        + (256 * pixels * 10 + 10)
    )  # fmt: skip
    assert network.classify(torch.rand(3, math.prod(image_shape))).shape == (3, 10)


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"encoder_layers": 0}, "encoder_layers must be at least 1"),
        ({"encoder_kernel": 1}, "encoder_kernel at least 2"),
        ({"encoder_filters": 12, "encoder_layers": 4}, "a multiple of 8"),
        (
            {"encoder_layers": 5, "encoder_kernel": 4},
            "images of 28 x 28 pixels are too small for 5",
        ),
    ],
)
def test_classifiers_that_cannot_be(parameters, told):
    context = {"image_shape": (1, 28, 28), "n_components": 10, "dim": 10}
    with pytest.raises(RegistryError, match=told):
        networks.build({"name": "paper_conv", **parameters}, **context)


def count(part):
    return sum(parameter.numel() for parameter in part.parameters())


def test_sizes_of_shu_s_networks():
    """784-512-512-10; [784 + 10]-512-512-(2 * 64); 64-512-512-784."""
    context = {"image_shape": (1, 28, 28), "n_components": 10, "dim": 64}
    network = networks.build("shared", **context)
    inner = 512 * 512 + 512
    assert count(network.classifier) == (784 * 512 + 512) + inner + (512 * 10 + 10)
    assert count(network.components) == (794 * 512 + 512) + inner + (512 * 128 + 128)
    assert count(network.decoder) == (64 * 512 + 512) + inner + (512 * 784 + 784)


@pytest.mark.parametrize("components", [1, 2])
def test_sizes_of_dec_s_and_vade_s_networks(components):
    """784-500-500-2000-(2 * 10) and 10-2000-500-500-784; with one component VaDE's own."""
    context = {"image_shape": (1, 28, 28), "n_components": components, "dim": 10}
    network = networks.build("stacked", **context)
    up = (784 * 500 + 500) + (500 * 500 + 500) + (500 * 2000 + 2000)
    down = (2000 * 500 + 500) + (500 * 500 + 500) + (500 * 784 + 784)
    assert count(network.classifier) == up + 2000 * components + components
    assert count(network.components) == components * (up + 2000 * 20 + 20)
    assert count(network.decoder) == (10 * 2000 + 2000) + down
