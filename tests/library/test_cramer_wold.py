"""The Cramer-Wold distance against projections that are drawn, smoothed and integrated."""

import math

import numpy as np
import pytest
import torch
from scipy.special import hyp1f1
from scipy.stats import norm

from otlvm.divergences import CramerWold
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture, StandardNormal, priors

GAMMA = 0.3
FULL = {
    "name": "mixture",
    "means": [[0.0, 1.0], [3.0, 0.0]],
    "covariances": [[[1.0, 0.3], [0.3, 0.5]], [[0.4, -0.1], [-0.1, 2.0]]],
    "weights": [0.3, 0.7],
}


def posterior(n, n_components, dim, seed=0):
    rng = np.random.default_rng(seed)
    z = torch.from_numpy(0.5 + 1.5 * rng.standard_normal((n, n_components, dim)))
    logits = torch.from_numpy(rng.standard_normal((n, n_components)))
    return MixturePosterior(logits, z, torch.ones_like(z), z)


@pytest.mark.parametrize("dim", [1, 2, 3, 10, 50, 1000])
def test_kernel_is_a_confluent_hypergeometric_function(dim):
    squared = np.concatenate([[0], np.logspace(-6, 1.5 if dim == 1 else 9, 200)])
    kernel = CramerWold(gamma=GAMMA).kernel(StandardNormal(dim), 8)
    height = (4 * math.pi * GAMMA) ** -0.5
    value = height * hyp1f1(0.5, dim / 2, -squared / (4 * GAMMA))
    slope = -height / (4 * GAMMA * dim) * hyp1f1(1.5, dim / 2 + 1, -squared / (4 * GAMMA))
    for form in (kernel.profile, kernel.gaussians):
        found = form(torch.from_numpy(squared))
        np.testing.assert_allclose(found[0].numpy(), value, rtol=2e-6)
        np.testing.assert_allclose(found[1].numpy(), slope, rtol=2e-5)
    tabulated = kernel.profile(torch.from_numpy(squared).float())
    np.testing.assert_allclose(tabulated[0].numpy(), value, rtol=5e-6, atol=1e-9)
    np.testing.assert_allclose(tabulated[1].numpy(), slope, rtol=2e-5, atol=1e-9)


def on_grids(q, prior, angles, on):
    """Smoothed densities of projections to each direction, and their squared L2 distance."""
    means, covariances = (moment.numpy() for moment in prior.moments())
    weights, pi, z = prior.weights(torch.float64).numpy(), q.pi.numpy(), q.z.numpy()
    line, values = np.linspace(-25, 25, 1500), []
    for u in angles:
        std = np.sqrt(GAMMA + u @ covariances @ u)
        wanted = weights * norm.pdf(line[:, None], means @ u, std)
        shifts = line[:, None, None] - z @ u
        found = (pi * norm.pdf(shifts, scale=math.sqrt(GAMMA))).mean(1)
        gap = found - wanted if on == "joint" else (found - wanted).sum(1, keepdims=True)
        values.append(np.trapezoid(np.square(gap).sum(1), line))
    return np.mean(values)


@pytest.mark.parametrize("on", ["marginal", "joint"])
def test_it_is_the_mean_over_directions_of_an_integral(on):
    q, prior = posterior(6, 2, 2), priors.build(FULL).double()
    half = np.pi * np.arange(48) / 48  # a periodic function: converges fast
    angles = np.stack([np.cos(half), np.sin(half)], axis=1)
    found = float(CramerWold(gamma=GAMMA, on=on, statistic="v")(q, prior))
    assert found == pytest.approx(on_grids(q, prior, angles, on), rel=1e-5)


def test_on_a_line_there_is_one_direction():
    q, prior = posterior(6, 3, 1), GaussianMixture(3, 1).double()
    found = float(CramerWold(gamma=GAMMA, statistic="v")(q, prior))
    assert found == pytest.approx(on_grids(q, prior, np.ones((1, 1)), "marginal"), rel=1e-5)


def test_it_is_the_mean_over_random_directions_in_ten_dimensions():
    """By the product of two Gaussians' integrals, for mixtures in float64."""
    q, prior = posterior(8, 4, 10), GaussianMixture(4, 10, sigma=0.7).double()
    directions = np.random.default_rng(1).standard_normal((10, 4_000))
    directions /= np.linalg.norm(directions, axis=0)
    z, a = q.z.reshape(-1, 10).numpy() @ directions, (q.pi.flatten() / 8).numpy()
    m, b = prior.means.numpy() @ directions, np.full(4, 1 / 4)

    def inner(x, v, y, w, variance):
        gaussians = norm.pdf(x[:, None] - y, scale=math.sqrt(2 * GAMMA + variance))
        return np.einsum("i,ijs,j->s", v, gaussians, w)

    each = inner(z, a, z, a, 0) - 2 * inner(z, a, m, b, 0.49) + inner(m, b, m, b, 2 * 0.49)
    found = float(CramerWold(gamma=GAMMA, statistic="v")(q, prior))
    error = each.std() / math.sqrt(each.shape[0])
    assert error < 0.03 * found
    assert abs(found - each.mean()) < 3 * error


@pytest.mark.parametrize("on", ["marginal", "joint"])
def test_closed_form_is_the_mean_of_what_is_sampled(on):
    q, prior = posterior(32, 3, 4), GaussianMixture(3, 4).double()
    exact = float(CramerWold(on=on)(q, prior))
    torch.manual_seed(0)
    sampled = CramerWold(on=on, prior="sampled")
    values = torch.stack([sampled(q, prior) for _ in range(100)])
    error = float(values.std()) / math.sqrt(100)
    assert error < 0.05 * exact
    assert abs(float(values.mean()) - exact) < 3 * error


def published(z, gamma):
    """CWAE's own formula for a standard normal (Knop et al., 2020, Theorem 3), approximate."""
    dim = z.shape[1]
    share = 1 / (2 * dim - 3)
    pairs = np.square(z[:, None] - z).sum(2)
    within = ((gamma + share * pairs) ** -0.5).mean()
    across = ((gamma + 0.5 + share * np.square(z).sum(1)) ** -0.5).mean()
    return (within + (1 + gamma) ** -0.5 - 2 * across) / (2 * math.sqrt(math.pi))


@pytest.mark.parametrize("dim", [20, 100])
def test_of_a_standard_normal_it_is_the_published_formula(dim):
    n = 50
    gamma = (4 / (3 * n)) ** 0.4
    q = posterior(n, 1, dim)
    expected = published(q.z[:, 0].numpy(), gamma)
    found = float(CramerWold(statistic="v")(q, StandardNormal(dim).double()))
    s = np.logspace(-3, 5, 400)
    error = np.abs(hyp1f1(0.5, dim / 2, -s) - (1 + 4 * s / (2 * dim - 3)) ** -0.5).max()
    assert error < 0.16 / dim
    # Three means of kernels; the one within the codes is the highest.
    assert abs(found - expected) < 4 * error * (4 * math.pi * gamma) ** -0.5
    assert found == pytest.approx(expected, rel=2 / dim)


def test_it_is_zero_in_expectation_where_q_is_p():
    torch.manual_seed(0)
    prior = GaussianMixture(3, 5).double()
    divergence, logits = CramerWold(), torch.zeros(40, 3).double()
    values = []
    for _ in range(200):
        z = prior.sample_components(40)
        values.append(float(divergence(MixturePosterior(logits, z, z, z), prior)))
    error = np.std(values) / math.sqrt(200)
    moved = float(divergence(MixturePosterior(logits, z + 1, z, z + 1), prior))
    assert error < 0.01 * moved
    assert abs(np.mean(values)) < 3 * error


def test_gamma_follows_silverman_the_batch_and_the_priors_scale():
    divergence = CramerWold(statistic="v")

    def gamma(prior, n):
        height = float(divergence.kernel(prior, n).profile(torch.zeros(1).double())[0])
        return 1 / (4 * math.pi * height**2)

    wanted = (4 / (3 * 64)) ** 0.4
    assert gamma(StandardNormal(7), 64) == pytest.approx(wanted, rel=1e-6)
    prior = GaussianMixture(3, 2, sigma=2.0)
    variance = float(prior.mixture_moments()[1].trace()) / 2
    assert gamma(prior, 64) == pytest.approx(wanted * variance, rel=1e-6)
    for n in (12, 30, 12):  # what it keeps of a prior is of a batch size
        q = posterior(n, 3, 2)
        found = divergence(q, prior.double())
        assert torch.equal(found, CramerWold(statistic="v")(q, prior.double()))


def test_units_do_not_matter():
    """In another unit, a squared L2 distance of densities on a line is 1 / unit of what it was."""
    q, unit = posterior(20, 3, 2), 7.0
    values = []
    for scale in (1.0, unit):
        z = scale * q.z
        prior = GaussianMixture(3, 2, sigma=scale).double()
        values.append(float(CramerWold()(MixturePosterior(q.logits, z, z, z), prior)))
    assert values[1] == pytest.approx(values[0] / unit, rel=1e-5)


@pytest.mark.parametrize("on", ["marginal", "joint"])
def test_gradients_are_finite_differences(on):
    q, prior = posterior(4, 2, 2), priors.build(FULL).double()
    inputs = (q.z.clone().requires_grad_(), q.logits.clone().requires_grad_())

    def value(z, logits):
        return CramerWold(gamma=GAMMA, on=on)(MixturePosterior(logits, z, z, z), prior)

    assert torch.autograd.gradcheck(value, inputs)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="positive"):
        CramerWold(gamma=0.0)
