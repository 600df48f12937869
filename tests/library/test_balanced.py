"""The divergence of k beside that of z, against scipy and central differences."""

import numpy as np
import pytest
import torch
from scipy.stats import entropy

from otlvm.divergences import Balanced, divergences
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture, priors

N, K, D = 12, 4, 3


def posterior(seed=0, n=N):
    rng = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, K, generator=rng, dtype=torch.float64, requires_grad=True)
    z = torch.randn(n, K, D, generator=rng, dtype=torch.float64)
    return MixturePosterior(logits, z, torch.ones_like(z), z)


@pytest.fixture
def prior():
    means = torch.eye(K, D).tolist()
    weights = [0.1, 0.2, 0.3, 0.4]
    return priors.build({"name": "mixture", "means": means, "weights": weights}).double()


def only_k(**options):
    """A divergence whose part of z has no value of its own: an MMD that weighs nothing."""
    balanced = Balanced(share=1e6, **options)
    return lambda q, p: balanced(q, p) / 1e6, balanced


def test_without_earlier_batches_it_is_the_kl_of_the_batchs_mean(prior):
    value, _ = only_k()
    q = posterior()
    mean = q.pi.mean(0).detach().numpy()
    expected = entropy(mean, np.exp(prior.log_weights(torch.float64).detach().numpy()))
    assert float(value(q, prior).detach()) == pytest.approx(expected, abs=1e-5)


def test_value_is_of_all_batches_and_the_gradient_that_of_the_kl_at_their_mean(prior):
    value, balanced = only_k(queue=2)
    batches = [posterior(seed) for seed in range(4)]
    for each in batches:
        balanced.update(each.detach(), prior)
    q = batches[-1]  # the present one; the first has left the queue
    mean = torch.cat([each.pi for each in batches[1:]]).mean(0).detach()
    weights = np.exp(prior.log_weights(torch.float64).detach().numpy())
    found = value(q, prior)
    assert float(found.detach()) == pytest.approx(entropy(mean.numpy(), weights), abs=1e-5)
    (gradient,) = torch.autograd.grad(found, q.logits)
    step, expected = 1e-5, np.zeros((N, K))
    own = q.pi.mean(0).detach()
    for i, k in np.ndindex(2, K):  # two images will do
        for sign in (1, -1):
            logits = q.logits.detach().clone()
            logits[i, k] += sign * step
            moved = mean + logits.softmax(1).mean(0) - own
            expected[i, k] += sign * entropy(moved.numpy(), weights) / (2 * step)
    np.testing.assert_allclose(gradient[:2].numpy(), expected[:2], atol=1e-4)


def test_it_adds_to_the_divergence_of_z(prior):
    spec = {"name": "imq_mmd", "statistic": "u"}
    alone, both = divergences.build(spec), Balanced(divergences.build(spec), share=2.0)
    q = posterior()
    kl = entropy(q.pi.mean(0).detach().numpy(), np.exp(prior.log_weights().detach().numpy()))
    torch.testing.assert_close(both(q, prior) - alone(q, prior), torch.tensor(2 * kl).double())


def test_a_component_that_none_uses_has_a_finite_gradient():
    prior = GaussianMixture(2, 1)
    logits = torch.tensor([[90.0, 0.0], [90.0, 0.0]], requires_grad=True)
    z = torch.zeros(2, 2, 1)
    value = Balanced(share=1.0)(MixturePosterior(logits, z, z + 1, z), prior)
    value.backward()
    assert torch.isfinite(value.detach())
    assert torch.isfinite(logits.grad).all()
