import itertools
import math

import numpy as np
import ot
import pytest
import torch

from otlvm.divergences import IMQMMD, PAPER_SCALES, RBFMMD, Sinkhorn, divergences
from otlvm.divergences import kernel_sum as kernel_sum_module
from otlvm.divergences.kernel_sum import kernel_self_sum, kernel_sum
from otlvm.divergences.mmd import u_statistic
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture, StandardNormal


def imq(squared: float) -> float:
    return sum(c / (c + squared) for c in PAPER_SCALES)


def rbf(squared: float) -> float:
    return sum(math.exp(-squared / (2 * s**2)) for s in (0.5, 2.0))


def triple_loop(kernel, pi, z, y) -> float:
    """The U-statistic, written down term by term; y is [m, L, d] with equal weights."""
    n, m = len(z), len(y)
    total = 0.0
    for i, j in itertools.permutations(range(n), 2):
        for k, l in itertools.product(range(z.shape[1]), repeat=2):
            total += pi[i, k] * pi[j, l] * kernel(((z[i, k] - z[j, l]) ** 2).sum()) / (n * (n - 1))
    for i, j in itertools.permutations(range(m), 2):
        for k, l in itertools.product(range(y.shape[1]), repeat=2):
            total += kernel(((y[i, k] - y[j, l]) ** 2).sum()) / (m * (m - 1) * y.shape[1] ** 2)
    for i, j in itertools.product(range(n), range(m)):
        for k, l in itertools.product(range(z.shape[1]), range(y.shape[1])):
            weight = 2 * pi[i, k] / (n * m * y.shape[1])
            total -= weight * kernel(((z[i, k] - y[j, l]) ** 2).sum())
    return total


def estimate(divergence, pi, z, y):
    weights = torch.full((y.shape[0] * y.shape[1],), 1 / (y.shape[0] * y.shape[1])).double()
    cloud = MixturePosterior(pi.log(), z, z, z).cloud()
    groups = (z.shape[1], y.shape[1])
    profile = divergence.profile(StandardNormal(z.shape[2]))
    return u_statistic(profile, *cloud, y.flatten(0, 1), weights, groups)


@pytest.fixture
def clouds():
    torch.manual_seed(0)
    pi = torch.rand(5, 3, dtype=torch.float64)
    z = torch.randn(5, 3, 2, dtype=torch.float64)
    return pi / pi.sum(1, keepdim=True), z, 1 + torch.randn(4, 2, 2, dtype=torch.float64)


KERNELS = [(IMQMMD(), imq), (RBFMMD([0.5, 2.0]), rbf)]


@pytest.mark.parametrize(("divergence", "kernel"), KERNELS, ids=["imq", "rbf"])
@pytest.mark.parametrize("block", [1, 16, 1 << 20])
def test_mmd_is_that_of_a_triple_loop(divergence, kernel, block, clouds, monkeypatch):
    monkeypatch.setattr(kernel_sum_module, "CPU_BLOCK", block)
    pi, z, y = clouds
    expected = triple_loop(kernel, pi.numpy(), z.numpy(), y.numpy())
    assert float(estimate(divergence, pi, z, y)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("divergence", "kernel"), KERNELS, ids=["imq", "rbf"])
def test_mmd_gradients_are_finite_differences(divergence, kernel, clouds):
    pi, z, y = clouds
    inputs = [t.clone().requires_grad_() for t in (pi.log(), z, y)]
    assert torch.autograd.gradcheck(
        lambda logits, z, y: estimate(divergence, logits.softmax(1), z, y), inputs
    )


@pytest.mark.parametrize("block", [8, 1 << 20])
def test_kernel_sums_pass_gradcheck(block, monkeypatch):
    monkeypatch.setattr(kernel_sum_module, "CPU_BLOCK", block)
    torch.manual_seed(0)
    profile = IMQMMD().profile(StandardNormal(2))
    x, y = torch.randn(6, 2).double().requires_grad_(), torch.randn(4, 2).double().requires_grad_()
    a, b = torch.rand(6).double().requires_grad_(), torch.rand(4).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda *args: kernel_sum(profile, *args), (x, a, y, b))
    assert torch.autograd.gradcheck(lambda *args: kernel_self_sum(profile, *args, 2), (x, a))


@pytest.mark.parametrize("name", ["imq_mmd", "rbf_mmd"])
def test_mmd_is_unbiased_when_both_sides_are_the_prior(name):
    torch.manual_seed(0)
    prior = GaussianMixture(components=3, dim=2)
    divergence = divergences.build(name)
    values = []
    for _ in range(400):
        z = prior.sample_components(8)
        values.append(divergence(MixturePosterior(torch.zeros(8, 3), z, z, z), prior))
    values = torch.stack(values)
    error = values.std() / len(values) ** 0.5
    assert abs(values.mean()) < 4 * error
    assert values.min() < 0 < values.max()
    apart = MixturePosterior(torch.zeros(8, 3), z, z, z + 5)
    assert divergence(apart, prior) > 10 * values.std()


def test_same_point_pairs_would_bias_it():
    """The K samples of a data point depend on each other: counting their pairs shows."""
    torch.manual_seed(0)
    prior = StandardNormal(2)
    profile = IMQMMD().profile(prior)
    with_pairs, without = [], []
    for _ in range(300):
        z = prior.sample(8).repeat_interleave(3, dim=0)  # all 3 samples of a point coincide
        weights, y, b = torch.full((24,), 1 / 24), prior.sample(8), torch.full((8,), 1 / 8)
        with_pairs.append(u_statistic(profile, z, weights, y, b, (1, 1)))
        without.append(u_statistic(profile, z, weights, y, b, (3, 1)))
    error = torch.stack(without).std() / 300**0.5
    assert abs(torch.stack(without).mean()) < 4 * error
    assert torch.stack(with_pairs).mean() > 10 * error


def test_median_bandwidth_is_the_true_median():
    torch.manual_seed(0)
    prior = GaussianMixture(components=4, dim=3)
    squared = torch.tensor([1.0])
    value, slope = RBFMMD("median").profile(prior)(squared)
    bandwidth = float((-0.5 / value.log()).sqrt())
    z = prior.sample(4000).numpy()
    expected = np.median(np.linalg.norm(z[:2000] - z[2000:], axis=1))
    assert bandwidth == pytest.approx(expected, rel=0.05)
    assert float(slope) == pytest.approx(-float(value) / (2 * bandwidth**2), rel=1e-5)


def test_scales_relative_to_the_prior():
    prior = GaussianMixture(components=4, dim=3, sigma=2.0)
    squared = torch.tensor([0.3, 7.0])
    unit = float(prior.spread())
    relative, _ = IMQMMD([0.5, 2.0], base="prior").profile(prior)(squared)
    absolute, _ = IMQMMD([0.5 * unit, 2.0 * unit]).profile(prior)(squared)
    torch.testing.assert_close(relative, absolute)


def test_a_batch_of_one_has_no_u_statistic():
    z = torch.zeros(1, 1, 2)
    posterior = MixturePosterior(torch.zeros(1, 1), z, z, z)
    with pytest.raises(ValueError, match="at least 2"):
        IMQMMD()(posterior, StandardNormal(2))


def entropic_cost(a, b, cost, regularisation):
    """Entropic OT by POT, with the relative entropy to the product measure, as in geomloss."""
    plan = ot.sinkhorn(a, b, cost, regularisation, method="sinkhorn_log", numItermax=100_000)
    outer = a[:, None] * b[None]
    used = plan > 0
    entropy = (plan[used] * np.log(plan[used] / outer[used])).sum() + 1 - plan.sum()
    return (plan * cost).sum() + regularisation * entropy


def test_sinkhorn_is_that_of_pot_with_twice_geomloss_value():
    torch.manual_seed(0)
    x, y = torch.randn(7, 2).double(), 1 + torch.randn(5, 2).double()
    a, b = torch.rand(7).double(), torch.rand(5).double()
    a, b = a / a.sum(), b / b.sum()
    blur = 0.7
    value = float(Sinkhorn(blur=blur, scaling=0.99).between(x, a, y, b))

    def cost(p, q):
        return entropic_cost(p[1], q[1], ot.dist(p[0], q[0]), 2 * blur**2)

    p, q = (x.numpy(), a.numpy()), (y.numpy(), b.numpy())
    expected = cost(p, q) - 0.5 * cost(p, p) - 0.5 * cost(q, q)
    assert value == pytest.approx(expected, rel=1e-3)


def test_sinkhorn_tends_to_the_squared_wasserstein_distance():
    torch.manual_seed(0)
    x, y = torch.randn(9, 2).double(), 1 + torch.randn(9, 2).double()
    a = torch.full((9,), 1 / 9).double()
    exact = ot.emd2(a.numpy(), a.numpy(), ot.dist(x.numpy(), y.numpy()))
    value = float(Sinkhorn(blur=1e-2, scaling=0.95).between(x, a, y, a))
    assert value == pytest.approx(exact, rel=1e-2)


@pytest.mark.parametrize("enabled", [True, False])
def test_sinkhorn_leaves_the_grad_mode_alone(enabled):
    x, a = torch.randn(4, 2), torch.full((4,), 0.25)
    with torch.set_grad_enabled(enabled):
        Sinkhorn().between(x, a, x + 1, a)
        assert torch.is_grad_enabled() == enabled


@pytest.mark.parametrize(
    "make",
    [
        lambda: IMQMMD([]),
        lambda: IMQMMD([-1.0]),
        lambda: RBFMMD([0.0]),
        lambda: Sinkhorn(blur=0.0),
        lambda: Sinkhorn(scaling=1.0),
    ],
)
def test_nonsense_is_refused(make):
    with pytest.raises(ValueError, match=r"positive|\(0, 1\)"):
        make()
