"""A model whose k says nothing: all components are in use, and none of them means anything."""

import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.data import digits
from otlvm.evaluation import curve_point

NETWORK = {"name": "shared", "hidden": [64], "component_hidden": [64]}


def trained(inference, **prior):
    torch.manual_seed(0)
    whole = {"name": "gaussian_mixture", "components": 10, "dim": 5, "sigma": 0.8, **prior}
    data = digits()
    model = LatentMixtureModel(data.image_shape, NETWORK, whole, inference)
    fit(model, "vae", data, steps=100, batch_size=50, learning_rate=3e-3)
    return curve_point(model, data)


def test_unsupervised_m2_uses_all_components_and_knows_nothing():
    """Kingma et al., *Semi-supervised learning with deep generative models* (2014), without labels.

    One prior for every k, so that z alone can say everything; beside it the same networks with
    another prior for each k, where k is informative after as many steps.
    """
    m2 = trained("independent", distance=1e-6)
    assert m2["components_used"] == pytest.approx(10, abs=0.05)
    assert m2["information"] == pytest.approx(1, abs=0.03)
    assert trained("mirror", distance=2.0, learn=["means", "scales"])["information"] > 1.06
