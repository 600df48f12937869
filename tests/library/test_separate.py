"""Discriminators against densities, and a divergence of k that sees q(k|x) as a vector."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.spatial.distance import cdist
from scipy.stats import norm
from torch.distributions import Normal

from otlvm import LatentMixtureModel, fit
from otlvm.divergences import Adversarial, Energy, Separate, divergences
from otlvm.latents import MixturePosterior, as_posterior
from otlvm.objectives import WAE
from otlvm.priors import GaussianMixture, StandardNormal, priors

CHANCE = 2 * math.log(2)


def at(z):
    """The posterior of points ``[n, d]``, all of one component."""
    return MixturePosterior(torch.zeros(len(z), 1), z[:, None], z[:, None], z[:, None])


def logit(divergence, z):
    """What D says of each point: from the non-saturating loss at that point alone."""
    ones = torch.ones(1)
    values = [divergence.between(point[None], ones, point[None], ones) for point in z]
    return -(torch.stack(values) + math.log(2)).expm1().log()


def test_the_discriminator_tends_to_the_ratio_of_densities():
    torch.manual_seed(0)
    q, divergence = Normal(1.0, 0.7), Adversarial(hidden=(32,), learning_rate=1e-2)
    for _ in range(400):
        divergence.update(at(q.sample((512, 1))), StandardNormal(1))
    z = torch.linspace(-0.5, 2, 11)[:, None]  # where both have mass
    expected = (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).squeeze(1)
    torch.testing.assert_close(logit(divergence, z).detach(), expected, atol=0.3, rtol=0)


def test_its_loss_is_the_jensen_shannon_divergence_of_what_is_blurred():
    """Two points, which any discriminator tells apart, if it were not for the noise."""

    def integrand(x):
        p, q = norm.pdf(x), norm.pdf(x, 1.5)
        return -p * math.log(p / (p + q)) - q * math.log(q / (p + q))

    expected = quad(integrand, -8, 9)[0]
    losses = {}
    for noise in (0.0, 1.0):
        torch.manual_seed(0)
        prior = priors.build({"name": "mixture", "means": [[0.0]], "covariances": 1e-8})
        divergence = Adversarial(hidden=(16,), learning_rate=1e-2, noise=noise)
        assert float(divergence.terms()["critic"]) == pytest.approx(CHANCE)
        seen = []
        for _ in range(300):
            divergence.update(at(torch.full((256, 1), 1.5)), prior)
            seen.append(float(divergence.terms()["critic"]))
        losses[noise] = np.mean(seen[200:])
    assert losses[0.0] < 0.05
    assert losses[1.0] == pytest.approx(expected, abs=0.03)
    assert losses[1.0] < CHANCE - 0.2


def test_codes_that_follow_its_gradient_come_to_the_prior():
    torch.manual_seed(0)
    z = (3 + 0.5 * torch.randn(256, 1)).requires_grad_()
    divergence = Adversarial(hidden=(32,), learning_rate=1e-2, beta1=0.5)
    optimizer = torch.optim.Adam([z], lr=0.03)
    for _ in range(300):
        divergence.update(at(z.detach()), StandardNormal(1))
        optimizer.zero_grad()
        divergence(at(z), StandardNormal(1)).backward()
        optimizer.step()
    assert abs(float(z.detach().mean())) < 0.5
    assert 0.6 < float(z.detach().std()) < 1.5


def energy_of_k(pi, weights):
    """By scipy's distances, of rows of ``pi`` and of unit vectors."""
    corners, uniform = np.eye(len(weights)), np.full(len(pi), 1 / len(pi))
    across = uniform @ cdist(pi, corners) @ weights
    return (
        2 * across - uniform @ cdist(pi, pi) @ uniform - weights @ cdist(corners, corners) @ weights
    )


def test_k_is_compared_as_a_vector_with_unit_vectors():
    weights = [0.1, 0.2, 0.3, 0.4]
    prior = priors.build({"name": "mixture", "means": torch.eye(4, 3).tolist(), "weights": weights})
    prior = prior.double()
    torch.manual_seed(0)
    z, logits = torch.randn(9, 4, 3).double(), torch.randn(9, 4).double()
    q = MixturePosterior(logits, z, z, z)

    def value(divergence):
        torch.manual_seed(1)
        return float(divergence(q, prior))

    found = value(Separate(Energy(), Energy(), share=0.5)) - value(Energy())
    expected = 0.5 * energy_of_k(q.pi.numpy(), np.array(weights))
    assert found == pytest.approx(expected, rel=1e-6)


def test_it_is_small_where_each_is_sure_and_all_are_used():
    prior = GaussianMixture(2, 1).double()
    z = torch.zeros(10, 1).double()

    def of_k(k):
        q = as_posterior(z, torch.tensor(k), 2)
        torch.manual_seed(0)
        both = float(Separate(Energy(), Energy())(q, prior))
        torch.manual_seed(0)
        return both - float(Energy()(q, prior))

    assert of_k([0, 1] * 5) == pytest.approx(0, abs=1e-9)
    assert of_k([0] * 9 + [1]) > 0.1
    assert energy_of_k(np.full((10, 2), 0.5), np.array([0.5, 0.5])) > 0.1  # all are used, none sure


@pytest.mark.parametrize("name", [*divergences])
def test_k_may_have_any_divergence(name):
    """The gradient leads from a vector inside the simplex to the corners, or to their balance."""
    torch.manual_seed(0)
    prior, divergence = GaussianMixture(3, 2), Separate(Energy(), divergences.build(name))
    logits = torch.randn(16, 3, requires_grad=True)
    z = prior.sample_components(16)
    q = MixturePosterior(logits, z, torch.ones_like(z), z)
    divergence.check(prior)
    divergence.update(q.detach(), prior)
    divergence(q, prior).backward()
    assert torch.isfinite(logits.grad).all()
    assert logits.grad.any()


def test_logits_that_follow_two_discriminators_become_sure_and_balanced():
    torch.manual_seed(0)
    prior = StandardNormal(1, components=3)
    critic = Adversarial(hidden=(32,), learning_rate=3e-3, beta1=0.5, noise=0.3)
    divergence = Separate(critic, critic)
    z, logits = torch.randn(120, 1, 1), torch.randn(120, 3) + torch.tensor([1.0, 0.0, 0.0])
    logits.requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=0.02)
    for _ in range(400):
        q = MixturePosterior(logits, z, torch.ones_like(z), z)
        divergence.update(q.detach(), prior)
        optimizer.zero_grad()
        divergence(q, prior).backward()
        optimizer.step()
    pi = logits.detach().softmax(1)
    assert float(pi.max(1).values.mean()) > 0.9
    assert float(pi.mean(0).min()) > 0.2


def test_each_discriminator_has_a_learning_curve_and_a_state_of_its_own():
    torch.manual_seed(0)
    prior = {"name": "standard_normal", "dim": 2, "components": 3}
    model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, prior, "independent")
    critic = Adversarial(hidden=(8,), noise=0.3)
    objective = WAE(Separate(critic, critic), weight=1.0)
    rows = fit(model, objective, torch.rand(64, 16), steps=4, batch_size=16, log_every=2).rows
    for name in ("critic", "critic_k"):
        assert [0 < row[name] < 3 for row in rows] == [True, True]
    assert rows[0]["critic"] != rows[0]["critic_k"]

    again = Separate(critic, critic)
    again.load_state_dict(objective.divergence.state_dict())
    q, values = model.encode(torch.rand(16, 16)).detach(), []
    for divergence in (objective.divergence, again):
        torch.manual_seed(1)
        divergence.update(q, model.prior)
        values.append(divergence(q, model.prior))
    assert torch.equal(*values)
    assert divergences.build("separate").terms().keys() == {"critic", "critic_k"}


def test_weights_that_are_learned_are_refused():
    prior = GaussianMixture(3, 2, learn=["weights"])
    with pytest.raises(TypeError, match="weights that are learned"):
        Separate(Energy(), Energy()).check(prior)
    Separate(Energy(), Energy()).check(GaussianMixture(3, 2, learn=["means"]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Separate(share=-1.0),
        lambda: Adversarial(learning_rate=0.0),
        lambda: Adversarial(beta1=1.0),
        lambda: Adversarial(noise=-0.1),
    ],
)
def test_nonsense_is_refused(make):
    with pytest.raises(ValueError, match=r"negative|positive"):
        make()
