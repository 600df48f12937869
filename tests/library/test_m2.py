"""A negative control: M2 without labels uses all components, and k says nothing (Kingma, 2014)."""

import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.data import datasets
from otlvm.evaluation import component_probabilities
from otlvm.evaluation.clustering import component_usage

NETWORK = {
    "name": "mlp",
    "hidden": [64],
    "component_hidden": [64],
    "classifier_normalization": "none",
    "component_normalization": "none",
    "decoder_normalization": "none",
}
SIZES = {"dim": 8, "components": 10}


@pytest.fixture(scope="module")
def digits():
    return datasets.build("digits")


def usage_after(digits, inference, **prior):
    torch.manual_seed(0)
    model = LatentMixtureModel(digits.image_shape, NETWORK, {**SIZES, **prior}, inference)
    history = fit(model, "vae", digits.x_train, steps=400, batch_size=100, learning_rate=3e-3)
    first, last = (history.rows[i]["loss"] for i in (0, -1))
    assert last < first - 5  # nats: the rest of the model did learn
    with torch.no_grad():
        return component_usage(component_probabilities(model, digits.x_test).numpy())


@pytest.mark.parametrize("inference", ["m2", "independent"])
def test_components_that_say_nothing_are_all_used(digits, inference):
    """A decoder of (z, k), and z that is N(0, I) whatever k: nothing asks that k says anything."""
    usage = usage_after(digits, inference, name="standard_normal")
    assert usage["components_used"] > 9.9
    assert usage["information"] < 1.02


def test_information_tells_them_from_components_that_do(digits):
    usage = usage_after(digits, "mirror", name="gaussian_mixture", learn=True)
    assert usage["components_used"] > 7
    assert usage["information"] > 3
