"""Sums over the pairs that weigh something against the sums over all pairs."""

import pytest
import torch

from otlvm.divergences import IMQMMD, SampleDivergence, Sinkhorn, by_mass, divergences
from otlvm.divergences.by_mass import heavy, staircase
from otlvm.divergences.kernel_sum import kernel_self_sum, kernel_sum
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture, Rotated2D

N, K = 40, 6
LOGITS = {
    "flat": lambda noise: torch.zeros_like(noise),
    "half concentrated": lambda noise: noise * torch.linspace(0, 20, N).unsqueeze(1),
    "trained": lambda noise: 10 * noise,
    "one-hot": lambda noise: torch.full_like(noise, -torch.inf).scatter(
        1, noise.argmax(1, keepdim=True), 0.0
    ),
}

SPECS = [
    "imq_mmd",
    {"name": "imq_mmd", "statistic": "v"},
    {"name": "imq_mmd", "statistic": "cross"},
    {"name": "imq_mmd", "prior": "sampled"},
    {"name": "imq_mmd", "on": "joint"},
    {"name": "imq_mmd", "on": "joint", "statistic": "cross"},
    {"name": "rbf_mmd", "bandwidths": [0.5, 2.0]},
]


@pytest.fixture
def as_in_float32(monkeypatch):
    """In double precision, leave out as much as single precision does."""
    single = by_mass.negligible(torch.zeros(()))
    monkeypatch.setattr(by_mass, "ROUNDINGS", 2**30)
    assert by_mass.negligible(torch.zeros((), dtype=torch.float64)) == single


def drawn(kind, prior):
    torch.manual_seed(0)
    z = prior.sample_components(N).double() * 1.2 + 0.1
    logits = LOGITS[kind](torch.randn(N, prior.n_components, dtype=torch.float64))
    z, logits = z.requires_grad_(), logits.requires_grad_()
    return MixturePosterior(logits, z, torch.ones_like(z), z)


def value_and_gradients(divergence, posterior, prior):
    torch.manual_seed(1)  # for a sampled prior
    value = divergence(posterior, prior)
    return value.detach(), *torch.autograd.grad(
        value, (posterior.z, posterior.logits), retain_graph=True
    )


@pytest.mark.parametrize("kind", LOGITS)
@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.usefixtures("as_in_float32")
def test_what_is_left_out_changes_a_millionth(kind, spec, monkeypatch):
    """The bounds of docs/divergences.md: value, gradients of codes and of logits."""
    prior = GaussianMixture(K, 3).double()
    posterior = drawn(kind, prior)
    divergence = divergences.build(spec)
    for _ in range(3):
        divergence.update(posterior.detach(), prior)
    found = value_and_gradients(divergence, posterior, prior)
    monkeypatch.setattr(by_mass, "choosable", lambda a: False)
    whole = value_and_gradients(divergence, posterior, prior)
    distances = torch.logspace(-4, 3, 1000, dtype=torch.float64)
    values, slopes = divergence.kernel(prior, 8).profile(distances.square())
    highest, steepest = float(values.max()), float((2 * distances * slopes).abs().max())
    scales = (highest, 2 * steepest / (N * K), 2 * highest / N)
    for one, other, scale in zip(found, whole, scales, strict=True):
        assert float((one - other).abs().max()) <= 1e-6 * scale
    if kind == "flat":
        for one, other in zip(found, whole, strict=True):
            assert torch.equal(one, other)


@pytest.mark.usefixtures("as_in_float32")
def test_the_bounds_are_not_empty():
    """Of a trained q(k|x) most pairs are left out, of a flat one none."""
    prior = GaussianMixture(K, 3).double()
    shares = {}
    for kind in LOGITS:
        weights = drawn(kind, prior).pi.detach().reshape(1, -1) / N
        shares[kind] = sum(staircase(weights, weights).ends) / weights.numel() ** 2
    assert shares["flat"] == 1
    assert shares["half concentrated"] < 0.6
    assert shares["trained"] < 0.5
    assert shares["one-hot"] == pytest.approx(1 / K**2)


CLOUDS = [
    "energy",
    {"name": "energy", "on": "joint"},
    "exact_ot",
    {"name": "exact_ot", "on": "joint"},
    "sinkhorn",
    {"name": "sinkhorn", "on": "joint"},
    "sliced_wasserstein",
    "max_sliced",
    "adversarial",
]


@pytest.mark.parametrize("kind", LOGITS)
@pytest.mark.parametrize("spec", CLOUDS, ids=str)
@pytest.mark.usefixtures("as_in_float32")
def test_points_that_weigh_nothing_change_no_divergence_of_clouds(kind, spec, monkeypatch):
    prior = GaussianMixture(K, 3).double()
    posterior = drawn(kind, prior)
    found, whole = divergences.build(spec), divergences.build(spec)
    if isinstance(found, Sinkhorn):  # it anneals from the clouds' diameter, which light points have
        found.loss.diameter = whole.loss.diameter = 30.0

    def seen(divergence):
        torch.manual_seed(1)
        for _ in range(3):
            divergence.update(posterior.detach(), prior)
        return value_and_gradients(divergence, posterior, prior)

    left_out = seen(found)
    monkeypatch.setattr(by_mass, "choosable", lambda a: False)
    for one, other in zip(left_out, seen(whole), strict=True):
        assert float((one - other).abs().max()) <= 1e-5 * float(other.abs().max())


@pytest.mark.parametrize("kind", LOGITS)
def test_a_divergence_of_clouds_is_given_the_points_that_count(kind):
    sizes = []

    class Sizes(SampleDivergence):
        def between(self, x, a, y, b):
            assert float(a.sum().detach()) == pytest.approx(1, abs=1e-6)
            sizes.append((len(x), len(a)))
            return a @ x.square().sum(1)

    prior = GaussianMixture(K, 3).double()
    Sizes()(drawn(kind, prior), prior)
    (points, weights), pairs = sizes[0], N * K
    assert points == weights
    assert {"flat": points == pairs, "one-hot": points == N}.get(kind, N < points < pairs)


def test_double_precision_leaves_out_what_it_cannot_see(monkeypatch):
    prior = Rotated2D(components=K).double()
    posterior = drawn("half concentrated", prior)
    found = value_and_gradients(IMQMMD(), posterior, prior)
    monkeypatch.setattr(by_mass, "choosable", lambda a: False)
    whole = value_and_gradients(IMQMMD(), posterior, prior)
    for one, other in zip(found, whole, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("kind", LOGITS)
def test_no_pair_of_the_same_image_counts(kind):
    """Exactly: the kernel of such pairs is a million times that of others."""
    torch.manual_seed(0)
    x = torch.randn(N, 1, 3).expand(N, K, 3).reshape(1, -1, 3)  # codes of an image coincide
    weights = LOGITS[kind](torch.randn(N, K)).softmax(1) / N
    profile = lambda squared: (  # noqa: E731
        torch.where(squared < 1e-3, 1e6, 1.0), torch.zeros_like(squared)
    )  # fmt: skip
    value = kernel_self_sum(profile, x, weights.reshape(1, -1), group=K)
    assert float(value) == pytest.approx(1 - 1 / N, rel=1e-5)


@pytest.mark.parametrize("cells", [1, 50, 300, 1 << 20])
@pytest.mark.parametrize("clouds", [1, 3])
def test_blocks_cover_each_pair_that_counts_once(cells, clouds):
    torch.manual_seed(0)
    a, b = ((12 * torch.randn(clouds, n)).softmax(1) for n in (30, 20))
    for first, second, square in ((a, b, False), (a, a, True)):
        steps = staircase(first, second)
        seen = torch.zeros(clouds, first.shape[1], second.shape[1])
        for rows, columns in steps.blocks(clouds, cells, square):
            seen[:, rows, columns] += 1
            size = seen[:, rows, columns].numel()
            assert size <= max(cells, clouds * second.shape[1])
        rows, columns = first.gather(1, steps.rows), second.gather(1, steps.columns)
        assert (rows.diff(dim=1) <= 0).all()
        least = by_mass.negligible(a) * first.mean() * second.mean()
        counts = rows.unsqueeze(2) * columns.unsqueeze(1) >= least
        if square:
            counts = counts.triu()
        assert (seen[counts] == 1).all()
        assert (seen <= 1).all()
        assert cells > 50 or seen.mean() < 0.7


def test_weights_that_are_no_numbers_are_seen():
    x, a = torch.randn(1, 8, 2), torch.tensor([[1.0, 1e-9, 1e-9, torch.nan, 0, 0, 0, 0]])
    profile = IMQMMD().kernel(GaussianMixture(2, 2), 8).profile
    assert kernel_self_sum(profile, x, a, 2).isnan()
    assert kernel_sum(profile, x, a, x, a.nan_to_num()).isnan()
    assert heavy(x, a)[1].isnan().any()


def test_points_of_one_cloud_are_chosen_and_those_of_several_stay():
    a = torch.tensor([[0.5, 1e-9, 0.5, 0.0]])
    x = torch.arange(8.0).reshape(1, 4, 2)
    kept, weights = heavy(x, a)
    assert kept[0, :, 0].tolist() == [0, 4]
    assert weights.tolist() == [[0.5, 0.5]]
    assert heavy(x, torch.full((1, 4), 0.25))[0] is x
    assert heavy(x.expand(2, -1, -1), a.expand(2, -1))[1].shape == (2, 4)
