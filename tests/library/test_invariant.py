"""Components that stay when an image is changed a little."""

import math

import pytest
import torch
from scipy.stats import entropy
from sklearn.metrics import mutual_info_score

from otlvm import LatentMixtureModel, fit
from otlvm.augmentations import Augmentation, Noise
from otlvm.inference import inferences
from otlvm.objectives import VAE, Invariant, shared_information
from tests.small_networks import PRIOR, SHAPE, SMALL, images


class Same(Augmentation):
    """Copies that are not changed."""

    def __call__(self, x, image_shape):
        return x


def test_information_is_that_of_labels():
    torch.manual_seed(0)
    k, other = torch.randint(4, (300,)), torch.randint(4, (300,))
    other[:200] = k[:200]
    one_hot = torch.nn.functional.one_hot
    found = shared_information(one_hot(k, 4).double(), one_hot(other, 4).double())
    both = torch.cat([k, other]), torch.cat([other, k])  # which of the two is the copy is forgotten
    assert float(found) == pytest.approx(mutual_info_score(*both), abs=1e-6)


def test_information_is_that_of_entropies():
    torch.manual_seed(0)
    pi, changed = torch.randn(2, 40, 5, dtype=torch.float64).softmax(2)
    pairs = torch.einsum("ik,il->kl", pi, changed) / 40
    pairs = (pairs + pairs.T) / 2
    expected = 2 * entropy(pairs.sum(0)) - entropy(pairs.flatten())
    assert float(shared_information(pi, changed)) == pytest.approx(expected, rel=1e-9)


def test_information_is_log_k_at_most_and_its_gradient_finite():
    sure = torch.eye(3).repeat(20, 1)
    assert float(shared_information(sure, sure)) == pytest.approx(math.log(3), rel=1e-4)
    pi = torch.tensor([[1.0, 0, 0]]).repeat(20, 1).requires_grad_()  # two components are not used
    (gradient,) = torch.autograd.grad(shared_information(pi, pi), pi)
    assert torch.isfinite(gradient).all()


def test_losses_are_the_objectives_less_the_information():
    torch.manual_seed(0)
    model, x = LatentMixtureModel(SHAPE, SMALL["mlp"], PRIOR).eval(), images(30)
    torch.manual_seed(1)
    plain = VAE()(model, x)
    torch.manual_seed(1)
    found = Invariant(VAE(), 7.0, Same())(model, x)
    pi = model.encode(x).pi
    information = shared_information(pi, pi)
    torch.testing.assert_close(found.terms["shared_information"], information)
    torch.testing.assert_close(found.reconstruction, plain.reconstruction)
    torch.testing.assert_close(found.regularizer, plain.regularizer - 7 * information)
    torch.testing.assert_close(found.total, plain.total - 7 * information)
    assert {*plain.terms} < {*found.terms}


def test_training_makes_k_say_what_copies_share():
    torch.manual_seed(0)
    kind = torch.arange(200) % 2
    x = (0.2 + 0.6 * kind[:, None] + 0.05 * torch.randn(200, 36)).clamp(0, 1)
    prior = {"name": "gaussian_mixture", "components": 2, "dim": 2}
    model = LatentMixtureModel((1, 6, 6), {"name": "mlp", "hidden": [16]}, prior)
    rows = fit(
        model, Invariant(VAE(), 50.0, Noise(0.2)), x, steps=80, batch_size=50, learning_rate=0.01
    ).rows
    assert rows[-1]["shared_information"] > 0.9 * math.log(2)
    k = model.encode_means(x).pi.argmax(1)
    assert abs(float((k == kind).float().mean()) - 0.5) > 0.45


def test_a_network_without_a_classifier_is_refused():
    inference = inferences.build("responsibilities")
    network = LatentMixtureModel(SHAPE, SMALL["mlp"], PRIOR, inference).network
    with pytest.raises(TypeError, match="this inference has none"):
        Invariant(VAE()).check_network(network)


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match="weight must not be negative"):
        Invariant(VAE(), -1.0)
