"""Divergences of clouds depend on differences alone, wherever the clouds are."""

import ot
import pytest
import torch

from otlvm.divergences import divergences
from otlvm.divergences.gaussian_kernels import prior_embedding
from otlvm.divergences.imq_mmd import PAPER_SCALES
from otlvm.divergences.kernel_sum import kernel_self_sum, kernel_sum
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture, GaussianPrior

N, K = 40, 3


class Moved(GaussianPrior):
    """A Gaussian mixture somewhere else, of another size."""

    def __init__(self, offset, scale, dim=4):
        inner = GaussianMixture(components=K, dim=dim)
        means, covariances = (moment.double() for moment in inner.moments())
        super().__init__(scale * means + offset, torch.linalg.cholesky(scale**2 * covariances))


def posterior(offset, scale, dim=4, dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(N, K, dim, generator=generator, dtype=torch.float64) * 2 + 0.5
    z = (z * scale + offset).to(dtype).requires_grad_()
    logits = torch.randn(N, K, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
    return MixturePosterior(logits, z, torch.ones_like(z), z)


def close(found, wanted):
    atol = 1e-4 * float(wanted.abs().max())
    torch.testing.assert_close(found.double(), wanted, rtol=1e-3, atol=atol)


def imq(squared, scales):
    return sum(c / (c + squared) for c in scales)


def brute_cross(x, a, y, b, scales):
    squared = (x[:, :, None] - y[:, None]).square().sum(-1)
    return torch.einsum("cn,cnm,cm->", a, imq(squared, scales), b)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e4])
@pytest.mark.parametrize("dim", [1, 4, 256])
def test_kernel_sums_far_from_the_origin(offset, scale, dim):
    """In units of the clouds' size, which float32 resolves to about offset / size digits."""
    if offset * 1e-7 > 1e-3 * scale:
        offset = 1e4 * scale  # what float32 cannot tell apart cannot be told apart
    scales = [c * scale**2 * dim for c in PAPER_SCALES]
    generator = torch.Generator().manual_seed(1)
    x, y = (torch.randn(1, n, dim, generator=generator) * scale + offset for n in (30, 20))
    a, b = torch.rand(1, 30, generator=generator), torch.rand(1, 20, generator=generator)

    def profile(squared):
        return imq(squared, scales), sum(-c / (c + squared) ** 2 for c in scales)

    for group in (0, 3):
        x32 = x.clone().requires_grad_()
        (found,) = torch.autograd.grad(value := kernel_self_sum(profile, x32, a, group), x32)
        x64 = x.double().requires_grad_()
        keep = torch.ones(30, 30, dtype=torch.float64)
        if group:
            index = torch.arange(30) // group
            keep = (index[:, None] != index).double()
        squared = (x64[:, :, None] - x64[:, None]).square().sum(-1)
        exact = torch.einsum("cn,cnm,cm->", a.double(), keep * imq(squared, scales), a.double())
        (wanted,) = torch.autograd.grad(exact, x64)
        assert float(value.detach()) == pytest.approx(float(exact.detach()), rel=2e-5)
        close(found, wanted)
    x32 = x.clone().requires_grad_()
    (found,) = torch.autograd.grad(value := kernel_sum(profile, x32, a, y, b), x32)
    x64 = x.double().requires_grad_()
    (wanted,) = torch.autograd.grad(
        exact := brute_cross(x64, a.double(), y.double(), b.double(), scales), x64
    )
    assert float(value.detach()) == pytest.approx(float(exact.detach()), rel=2e-5)
    close(found, wanted)


def test_a_point_s_kernel_with_itself_is_exact():
    """The V-statistic of one point with weight one is k(0), which is the number of scales."""
    x = torch.full((1, 1, 5), 1234.5)
    profile = lambda squared: (imq(squared, PAPER_SCALES), torch.zeros_like(squared))  # noqa: E731
    x = torch.cat([x, x + 0.37], dim=1)
    for place in range(2):
        weight = torch.zeros(1, 2)
        weight[0, place] = 1
        assert float(kernel_self_sum(profile, x, weight, 0)) == pytest.approx(15, rel=1e-6)


@pytest.mark.parametrize("size", [1.0, 30.0, 1e3, 1e4])
def test_the_closed_form_reaches_codes_that_have_run_away(size):
    prior = GaussianMixture(components=4, dim=5)
    kernel = divergences.build("imq_mmd").kernel(prior, 8)
    z = torch.full((1, 1, 5), size / 5**0.5, dtype=torch.float64)
    embedding = prior_embedding(kernel.gaussians, prior, like=z)
    torch.manual_seed(0)
    y = prior.double().sample_components(20_000)
    exact = imq((z - y).square().sum(-1), PAPER_SCALES).mean(0)
    torch.testing.assert_close(embedding(z)[:, 0], exact, rtol=5e-3, atol=0)


@pytest.mark.parametrize(
    "name",
    ["sinkhorn", "exact_ot", "energy", "sliced_wasserstein", "gmm_w2", "rbf_mmd", "imq_mmd"],
)
@pytest.mark.parametrize("offset", [1e3, 1e4])
def test_moving_posterior_and_prior_together_changes_nothing(name, offset):
    spec = {"name": name, "statistic": "v"} if name in ("rbf_mmd", "imq_mmd") else name

    def value_and_gradient(where):
        here = posterior(where, 1.0)
        torch.manual_seed(3)
        value = divergences.build(spec)(here, Moved(where, 1.0).float())
        return value, torch.autograd.grad(value, here.z)[0]

    value, gradient = value_and_gradient(0.0)
    moved, moved_gradient = value_and_gradient(offset)
    assert float(moved.detach()) == pytest.approx(float(value.detach()), rel=1e-2, abs=1e-4)
    cosine = torch.cosine_similarity(moved_gradient.flatten(), gradient.flatten(), dim=0)
    assert float(cosine) > 0.99


def test_sinkhorn_s_default_follows_exact_transport():
    """The gradient's direction, not the value alone: a batch's weighted codes against the prior."""
    torch.manual_seed(0)
    prior = GaussianMixture(components=10, dim=10)
    x, y = (prior.sample(n).double() for n in (640, 128))
    x = (x * 1.2 + 0.3).requires_grad_()
    a, b = (torch.full((n,), 1 / n, dtype=torch.float64) for n in (640, 128))
    (found,) = torch.autograd.grad(divergences.build("sinkhorn").between(x, a, y, b), x)
    plan = torch.from_numpy(ot.emd(a.numpy(), b.numpy(), ot.dist(x.detach().numpy(), y.numpy())))
    wanted = 2 * (a[:, None] * x.detach() - plan @ y)
    assert float(torch.cosine_similarity(found.flatten(), wanted.flatten(), dim=0)) > 0.92
