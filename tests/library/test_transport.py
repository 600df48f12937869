"""Divergences by transport, distances and discriminators, against independent references."""

import itertools
import math
from functools import partial

import numpy as np
import ot
import pytest
import torch
from scipy.linalg import sqrtm
from scipy.optimize import linprog
from scipy.stats import energy_distance, wasserstein_distance

from otlvm import LatentMixtureModel, fit
from otlvm.divergences import (
    GMMW2,
    Adversarial,
    Energy,
    ExactOT,
    MaxSliced,
    Sinkhorn,
    SlicedWasserstein,
)
from otlvm.divergences.gmm_w2 import aggregated_moments
from otlvm.divergences.sliced_wasserstein import projected_distances
from otlvm.latents import MixturePosterior
from otlvm.objectives import WAE
from otlvm.priors import GaussianMixture, StandardNormal


@pytest.fixture
def clouds():
    torch.manual_seed(0)
    x, y = torch.randn(9, 2).double(), 1 + torch.randn(7, 2).double()
    a, b = torch.rand(9).double(), torch.rand(7).double()
    return x, a / a.sum(), y, b / b.sum()


def test_energy_is_that_of_scipy_in_one_dimension(clouds):
    x, a, y, b = clouds
    found = Energy().between(x[:, :1], a, y[:, :1], b)
    expected = energy_distance(x[:, 0], y[:, 0], a, b) ** 2
    assert float(found) == pytest.approx(expected, rel=1e-10)


def test_energy_by_loops(clouds):
    x, a, y, b = clouds

    def mean(p, v, q, w):
        pairs = itertools.product(range(len(p)), range(len(q)))
        return sum(float(v[i] * w[j]) * math.dist(p[i], q[j]) for i, j in pairs)

    expected = 2 * mean(x, a, y, b) - mean(x, a, x, a) - mean(y, b, y, b)
    assert float(Energy().between(x, a, y, b)) == pytest.approx(expected, rel=1e-10)


def test_exact_ot_is_a_linear_programme(clouds):
    x, a, y, b = (t.numpy() for t in clouds)
    cost = ((x[:, None] - y) ** 2).sum(-1)
    rows = np.kron(np.eye(9), np.ones(7))
    columns = np.kron(np.ones(9), np.eye(7))
    solved = linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([a, b]))
    assert float(ExactOT().between(*clouds)) == pytest.approx(solved.fun, rel=1e-7)


@pytest.mark.parametrize("divergence", [ExactOT(), Energy()])
def test_gradients_are_finite_differences(divergence, clouds):
    x, a, y, b = clouds
    logits = a.log().requires_grad_()
    x = x.clone().requires_grad_()

    def value(x, logits):
        return divergence.between(x, logits.softmax(0), y, b)

    assert torch.autograd.gradcheck(value, (x, logits), atol=1e-4, rtol=1e-3)


def test_projected_distances_are_those_of_scipy(clouds):
    x, a, y, b = clouds
    torch.manual_seed(3)
    found = projected_distances(x, a, y, b, 4)
    torch.manual_seed(3)
    directions = torch.randn(2, 4, dtype=torch.float64)
    directions = directions / directions.norm(dim=0)
    assert directions.norm(dim=0).tolist() == pytest.approx([1.0] * 4)
    for direction, distance in zip(directions.T, found, strict=True):
        cost = (x @ direction)[:, None] - (y @ direction)[None]
        expected = ot.emd2(a.numpy(), b.numpy(), cost.square().numpy())
        assert float(distance) == pytest.approx(expected, rel=1e-8)
        root = wasserstein_distance(x @ direction, y @ direction, a, b)
        assert root <= expected**0.5 + 1e-9  # W1 <= W2


@pytest.mark.parametrize("cls", [SlicedWasserstein, MaxSliced])
def test_sliced_gradients_are_finite_differences(cls, clouds):
    x, a, y, b = clouds
    inputs = (x.clone().requires_grad_(), a.log().requires_grad_())

    def value(x, logits):
        torch.manual_seed(0)
        return cls(projections=5).between(x, logits.softmax(0), y, b)

    assert torch.autograd.gradcheck(value, inputs, atol=1e-4, rtol=1e-3)


def test_sliced_of_a_shift(clouds):
    """Along a direction u, a cloud moved by v is at W2^2 = (u v)^2; its mean is |v|^2 / d."""
    x, a, *_ = clouds
    torch.manual_seed(0)
    moved = x + torch.tensor([3.0, 4.0]).double()
    mean = float(SlicedWasserstein(20_000).between(x, a, moved, a))
    largest = float(MaxSliced(20_000).between(x, a, moved, a))
    assert mean == pytest.approx(25 / 2, rel=0.02)
    assert largest == pytest.approx(25, rel=1e-4)


def random_posterior(n=40, n_components=3, dim=2):
    torch.manual_seed(0)
    shape = (n, n_components, dim)
    mean, std = torch.randn(shape).double(), 0.1 + torch.rand(shape).double()
    return MixturePosterior.draw(torch.randn(n, n_components).double(), mean, std)


def test_aggregated_moments_by_sampling():
    posterior = random_posterior()
    weights, means, covariances = aggregated_moments(posterior)
    pi = posterior.pi
    torch.testing.assert_close(weights, pi.mean(0))
    for k in range(3):
        i = torch.multinomial(pi[:, k], 200_000, replacement=True)
        z = torch.normal(posterior.mean[i, k], posterior.std[i, k])
        torch.testing.assert_close(means[k], z.mean(0), atol=0.02, rtol=0)
        torch.testing.assert_close(covariances[k], z.T.cov(), atol=0.03, rtol=0)


def test_gmm_w2_is_a_linear_programme_of_bures_distances():
    posterior = random_posterior()
    prior = GaussianMixture(components=3, dim=2).double()
    weights, means, covariances = (t.numpy() for t in aggregated_moments(posterior))
    targets, target_covariances = (t.numpy() for t in prior.moments())
    cost = np.zeros((3, 3))
    for k, c in itertools.product(range(3), repeat=2):
        root = sqrtm(target_covariances[c])
        cross = np.trace(sqrtm(root @ covariances[k] @ root)).real
        cost[k, c] = ((means[k] - targets[c]) ** 2).sum() - 2 * cross
        cost[k, c] += np.trace(covariances[k]) + np.trace(target_covariances[c])
    expected = ot.emd2(weights, np.full(3, 1 / 3), cost)
    assert float(GMMW2()(posterior, prior)) == pytest.approx(expected, rel=1e-6)


def test_gmm_w2_of_the_prior_itself_and_its_gradient():
    prior = GaussianMixture(components=3, dim=2).double()
    means, covariances = prior.moments()
    std = covariances.diagonal(dim1=1, dim2=2).sqrt().expand(30, 3, 2)
    spread = 0.1 * torch.randn(30, 3, 2).double()
    shift = torch.tensor([2.0, 0.0]).double()
    values = []
    for moved in (means + 0 * spread, means + spread + shift):
        mean = moved.expand(30, 3, 2).clone().requires_grad_()
        value = GMMW2()(MixturePosterior.draw(torch.zeros(30, 3).double(), mean, std), prior)
        values.append(float(value.detach()))
    value.backward()
    assert values[0] == pytest.approx(0, abs=1e-9)
    assert values[1] == pytest.approx(4, rel=0.1)
    assert torch.isfinite(mean.grad).all()
    assert mean.grad[..., 0].mean() > 0


@pytest.mark.parametrize(
    "make",
    [partial(Sinkhorn, blur=0.05, scaling=0.9), Energy, ExactOT],
    ids=["sinkhorn", "energy", "exact_ot"],
)
def test_joint_clouds_see_swapped_components(make):
    torch.manual_seed(0)
    prior = GaussianMixture(components=3, dim=2)
    z = prior.sample_components(60)
    swapped = z[:, [1, 2, 0]]

    def value(on, points):
        posterior = MixturePosterior(torch.zeros(60, 3), points, points, points)
        torch.manual_seed(1)
        return float(make(on=on)(posterior, prior))

    assert value("marginal", swapped) == pytest.approx(value("marginal", z), rel=1e-4)
    assert value("joint", swapped) > 2 * value("joint", z)


def test_joint_exact_ot_pays_the_penalty_or_moves():
    """One component empty: its mass pays the penalty where it lies, if that is cheaper."""
    torch.manual_seed(0)
    prior = GaussianMixture(components=2, dim=1, distance=1e-3)
    z = prior.sample_components(50)
    only_first = torch.tensor([[50.0, -50.0]]).expand(50, 2)
    posterior = MixturePosterior(only_first, z, z, z)
    costs = [
        float(ExactOT(on="joint", penalty=penalty)(posterior, prior)) / float(prior.spread())
        for penalty in (0.1, 1.0, 10.0)
    ]
    floor = float(ExactOT()(posterior, prior)) / float(prior.spread())
    assert costs == pytest.approx([0.05 + floor, 0.5 + floor, 5 + floor], abs=0.15)


def test_discriminator_learns_only_in_update_and_of_itself():
    torch.manual_seed(0)
    prior = StandardNormal(2)
    divergence = Adversarial(hidden=(16,), learning_rate=1e-2)
    assert not list(divergence.parameters())

    def posterior(shift):
        z = prior.sample_components(64) + shift
        return MixturePosterior(torch.zeros(64, 1), z, z, z.requires_grad_())

    before = [float(divergence(posterior(2.0), prior).detach()) for _ in range(3)]
    assert max(before) - min(before) < 0.2  # no training happened in between
    for _ in range(200):
        divergence.update(posterior(2.0).detach(), prior)
    apart = posterior(2.0)
    value = divergence(apart, prior)
    value.backward()
    assert float(value.detach()) > 1
    assert (apart.z.grad.mean((0, 1)) > 0).all()  # descent leads back to the prior
    for _ in range(400):
        divergence.update(posterior(0.0).detach(), prior)
    assert abs(float(divergence(posterior(0.0), prior).detach())) < 0.2


def test_the_hook_reaches_the_divergence_and_nothing_else():
    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, prior)
    calls = []

    class Counting(Energy):
        def update(self, posterior, prior):
            calls.append(posterior.z.requires_grad)

    objective = WAE(Counting())
    fit(model, objective, torch.rand(64, 16), steps=5, batch_size=16)
    assert calls == [False] * 5
    objective(model.eval(), torch.rand(8, 16))
    assert len(calls) == 5
    fit(model, WAE(Adversarial(hidden=(8,))), torch.rand(64, 16), steps=5, batch_size=16)
