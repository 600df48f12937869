import itertools
import math

import numpy as np
import ot
import pytest
import torch
from scipy.integrate import quad

from otlvm.divergences import IMQMMD, PAPER_SCALES, RBFMMD, Sinkhorn, divergences
from otlvm.divergences import kernel_sum as kernel_sum_module
from otlvm.divergences.gaussian_kernels import imq_as_gaussians, prior_embedding, self_energy
from otlvm.divergences.kernel_sum import kernel_self_sum, kernel_sum
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture, Prior, Rotated2D, StandardNormal


def imq(squared: float) -> float:
    return sum(c / (c + squared) for c in PAPER_SCALES)


def rbf(squared: float) -> float:
    return sum(math.exp(-squared / (2 * s**2)) for s in (0.5, 2.0))


class Fixed(Prior):
    """A prior whose samples are given, so that an estimate can be computed by hand."""

    def __init__(self, samples):
        super().__init__(*samples.shape[1:])
        self.samples = samples

    def sample_components(self, n):
        assert n == len(self.samples)
        return self.samples

    def component_log_prob(self, z):
        raise NotImplementedError

    def moments(self):
        return self.samples.mean(0), torch.stack([z.T.cov() for z in self.samples.unbind(1)])


def loops(kernel, pi, z, y, on, statistic) -> float:
    """The estimate, written down term by term; y is [n, K, d] with equal weights."""
    n, n_components = pi.shape
    uniform = np.full(pi.shape, 1 / n_components)

    def pairs(p, v, q, w, left_out):
        total = 0.0
        for i, j in itertools.product(range(n), repeat=2):
            for k, c in itertools.product(range(n_components), repeat=2):
                if (left_out and i == j) or (on == "joint" and k != c):
                    continue
                total += v[i, k] * w[j, c] * kernel(((p[i, k] - q[j, c]) ** 2).sum())
        return total / (n * (n - 1) if left_out else n * n)

    unbiased = statistic == "u"
    within = pairs(z, pi, z, pi, unbiased) + pairs(y, uniform, y, uniform, unbiased)
    return within - 2 * pairs(z, pi, y, uniform, False)


@pytest.fixture
def clouds():
    torch.manual_seed(0)
    pi = torch.rand(5, 3, dtype=torch.float64)
    z = torch.randn(5, 3, 2, dtype=torch.float64)
    return pi / pi.sum(1, keepdim=True), z, 1 + torch.randn(5, 3, 2, dtype=torch.float64)


KERNELS = [
    pytest.param(IMQMMD, {}, imq, id="imq"),
    pytest.param(RBFMMD, {"bandwidths": [0.5, 2.0]}, rbf, id="rbf"),
]
FORMS = pytest.mark.parametrize(
    ("on", "statistic"), [("marginal", "u"), ("marginal", "v"), ("joint", "u"), ("joint", "v")]
)


@pytest.mark.parametrize(("cls", "params", "kernel"), KERNELS)
@pytest.mark.parametrize("block", [1, 40, 1 << 20])
@FORMS
def test_mmd_is_that_of_loops(cls, params, kernel, block, on, statistic, clouds, monkeypatch):
    monkeypatch.setattr(kernel_sum_module, "CPU_BLOCK", block)
    pi, z, y = clouds
    divergence = cls(**params, on=on, statistic=statistic)
    found = float(divergence(MixturePosterior(pi.log(), z, z, z), Fixed(y)))
    expected = loops(kernel, pi.numpy(), z.numpy(), y.numpy(), on, statistic)
    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("cls", "params", "kernel"), KERNELS)
@pytest.mark.parametrize("prior", ["sampled", "closed_form"])
@FORMS
def test_mmd_gradients_are_finite_differences(cls, params, kernel, prior, on, statistic, clouds):
    pi, z, y = clouds
    target = Fixed(y) if prior == "sampled" else Rotated2D(components=3).double()
    divergence = cls(**params, on=on, statistic=statistic, prior=prior)
    inputs = [t.clone().requires_grad_() for t in (pi.log(), z)]
    assert torch.autograd.gradcheck(
        lambda logits, z: divergence(MixturePosterior(logits, z, z, z), target), inputs
    )


@pytest.mark.parametrize("block", [8, 1 << 20])
def test_kernel_sums_pass_gradcheck(block, monkeypatch):
    monkeypatch.setattr(kernel_sum_module, "CPU_BLOCK", block)
    torch.manual_seed(0)
    profile = IMQMMD().kernel(StandardNormal(2), 8).profile
    x, y = torch.randn(2, 6, 2).double(), torch.randn(2, 4, 2).double()
    a, b = torch.rand(2, 6).double(), torch.rand(2, 4).double()
    args = [t.requires_grad_() for t in (x, a, y, b)]
    assert torch.autograd.gradcheck(lambda *args: kernel_sum(profile, *args), args)
    for group in (0, 1, 2):
        assert torch.autograd.gradcheck(
            lambda x, a, g=group: kernel_self_sum(profile, x, a, g), (x, a)
        )


GAUSSIAN_PRIORS = [
    GaussianMixture(components=4, dim=5, sigma=0.7),
    Rotated2D(components=6),
    StandardNormal(dim=3),
]


@pytest.mark.parametrize("prior", GAUSSIAN_PRIORS, ids=repr)
@pytest.mark.parametrize(("cls", "params", "kernel"), KERNELS)
def test_closed_form_is_monte_carlo(cls, params, kernel, prior):
    """Each component's embedding, and the energy, against the mean over samples."""
    torch.manual_seed(0)
    exact = cls(**params).kernel(prior, 8)
    z = prior.sample(5).double()
    embedding = prior_embedding(exact.gaussians, prior, like=z)(z[None])
    y = prior.sample_components(40_000).double()
    for k in range(prior.n_components):
        values = exact.profile(torch.cdist(z, y[:, k]).square())[0]
        error = values.std(1) / len(y) ** 0.5
        assert ((values.mean(1) - embedding[k]).abs() < 5 * error + 1e-6).all()
    energy = self_energy(exact.gaussians, prior)
    for k, c in itertools.product(range(prior.n_components), repeat=2):
        values = exact.profile((y[::2, k] - y[1::2, c]).square().sum(1))[0]
        error = float(values.std()) / len(values) ** 0.5
        assert abs(float(values.mean() - energy[k, c])) < 5 * error + 1e-6


@pytest.mark.parametrize("scales", [PAPER_SCALES, (1.0,), (1e-3, 1e3)])
@pytest.mark.parametrize("tolerance", [1e-4, 1e-6])
def test_imq_is_a_mixture_of_gaussians(scales, tolerance):
    kernels = imq_as_gaussians(scales, largest_squared=1000.0, tolerance=tolerance)
    squared = np.concatenate([[0.0], np.geomspace(1e-4, 1000.0, 500)])
    exact = sum(c / (c + squared) for c in scales)
    rates, weights = np.array(kernels.rates), np.array(kernels.weights)
    found = np.exp(-squared[:, None] * rates) @ weights
    np.testing.assert_allclose(found, exact, rtol=3 * tolerance)


@pytest.mark.parametrize("prior", GAUSSIAN_PRIORS, ids=repr)
def test_embedding_of_imq_by_brute_force_in_one_direction(prior):
    """Against adaptive quadrature of the scale mixture, which shares no node with ours."""
    means, covariances = (m.double().numpy() for m in prior.moments())
    scales = (0.01, 1.0, 500.0)
    kernels = imq_as_gaussians(scales, largest_squared=100 * float(prior.spread()))
    for distance in (0.0, 1.0, 8.0):
        z = means[0] + distance * np.eye(prior.dim)[0]
        like = torch.zeros((), dtype=torch.float64)
        embedding = prior_embedding(kernels, prior, like=like)
        found = embedding(torch.from_numpy(z)[None, None])[:, 0]
        for k in range(prior.n_components):

            def integrand(t, k=k, z=z):
                s = math.exp(t)
                inner = np.eye(prior.dim) + 2 * s * covariances[k]
                gap = z - means[k]
                value = math.exp(-s * gap @ np.linalg.solve(inner, gap))
                value /= math.sqrt(np.linalg.det(inner))
                return s * value * sum(c * math.exp(-s * c) for c in scales)

            expected, _ = quad(integrand, -35, 9, limit=400, epsabs=0, epsrel=1e-9)
            assert float(found[k]) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("on", ["marginal", "joint"])
@pytest.mark.parametrize("name", ["imq_mmd", "rbf_mmd"])
def test_closed_form_agrees_with_sampling(name, on):
    torch.manual_seed(0)
    prior = GaussianMixture(components=3, dim=2)
    z = prior.sample_components(40) + 0.7
    posterior = MixturePosterior(torch.randn(40, 3), z, z, z)
    sampled = divergences.build({"name": name, "on": on, "prior": "sampled"})
    draws = torch.stack([sampled(posterior, prior) for _ in range(300)])
    exact = divergences.build({"name": name, "on": on})(posterior, prior)
    assert abs(draws.mean() - exact) < 5 * draws.std() / 300**0.5


def test_joint_sees_swapped_components_and_marginal_does_not():
    torch.manual_seed(0)
    prior = GaussianMixture(components=3, dim=2)
    z = prior.sample_components(200)
    swapped = z[:, [1, 2, 0]]
    values = {
        on: [
            float(IMQMMD(on=on)(MixturePosterior(torch.zeros(200, 3), c, c, c), prior))
            for c in (z, swapped)
        ]
        for on in ("marginal", "joint")
    }
    assert values["marginal"][1] == pytest.approx(values["marginal"][0], abs=1e-5)
    assert abs(values["joint"][0]) < 0.02
    assert values["joint"][1] > 0.5


@pytest.mark.parametrize("on", ["marginal", "joint"])
def test_v_statistic_is_never_negative(on):
    torch.manual_seed(0)
    prior = GaussianMixture(components=3, dim=2).double()
    divergence = IMQMMD(on=on, statistic="v")
    for n in (1, 2, 30):
        z = prior.sample_components(n)
        assert divergence(MixturePosterior(torch.randn(n, 3).double(), z, z, z), prior) >= 0


def test_closed_form_of_another_prior_is_refused(clouds):
    pi, z, y = clouds
    with pytest.raises(TypeError, match="'closed_form' needs a GaussianPrior, not Fixed"):
        IMQMMD(prior="closed_form")(MixturePosterior(pi.log(), z, z, z), Fixed(y))


def test_many_points_need_little_memory():
    """20,000 points have 400 million pairs, 1.6 GB in float32; only blocks of them ever exist."""
    torch.manual_seed(0)
    prior = StandardNormal(2)
    z = prior.sample(20_000).unsqueeze(1)
    peak = 0

    def watched(squared):
        nonlocal peak
        peak = max(peak, squared.numel())
        return squared, squared

    kernel_self_sum(watched, z.transpose(0, 1), torch.full((1, 20_000), 1 / 20_000), group=1)
    assert peak <= kernel_sum_module.CPU_BLOCK


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
    prior = GaussianMixture(components=1, dim=2)
    values = {"u": [], "v": []}
    for _ in range(300):
        z = prior.sample(8).unsqueeze(1).expand(8, 3, 2)  # all 3 samples of a point coincide
        for statistic, found in values.items():
            posterior = MixturePosterior(torch.zeros(8, 3), z, z, z)
            found.append(IMQMMD(statistic=statistic)(posterior, prior))
    unbiased, biased = torch.stack(values["u"]), torch.stack(values["v"])
    error = unbiased.std() / 300**0.5
    assert abs(unbiased.mean()) < 4 * error
    assert biased.mean() > 10 * error


def test_median_bandwidth_is_the_true_median():
    torch.manual_seed(0)
    prior = GaussianMixture(components=4, dim=3)
    squared = torch.tensor([1.0])
    value, slope = RBFMMD("median").kernel(prior, 8).profile(squared)
    bandwidth = float((-0.5 / value.log()).sqrt())
    z = prior.sample(4000).numpy()
    expected = np.median(np.linalg.norm(z[:2000] - z[2000:], axis=1))
    assert bandwidth == pytest.approx(expected, rel=0.05)
    assert float(slope) == pytest.approx(-float(value) / (2 * bandwidth**2), rel=1e-5)


def test_a_median_of_nothing_is_refused():
    class Point(Prior):
        has_density = False

        def sample_components(self, n):
            return torch.zeros(n, self.n_components, self.dim)

    with pytest.raises(ValueError, match="median distance of the prior's draws is 0"):
        RBFMMD().check(Point(1, 2))
    RBFMMD(bandwidths=[1.0]).check(Point(1, 2))


def test_scales_relative_to_the_prior():
    prior = GaussianMixture(components=4, dim=3, sigma=2.0)
    squared = torch.tensor([0.3, 7.0])
    unit = float(prior.spread())
    relative, _ = IMQMMD([0.5, 2.0], base="prior").kernel(prior, 8).profile(squared)
    absolute, _ = IMQMMD([0.5 * unit, 2.0 * unit]).kernel(prior, 8).profile(squared)
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
