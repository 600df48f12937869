"""Numbers of parameters, counted by hand."""

import pytest

from otlvm.networks import networks


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
