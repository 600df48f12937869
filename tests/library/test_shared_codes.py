"""One sample that all k share is one point of q(z), and counts as K copies of it would."""

import pytest
import torch

from otlvm.divergences import SampleDivergence, divergences
from otlvm.expectations import expectations
from otlvm.latents import MixturePosterior, at_mean
from otlvm.priors import GaussianMixture

N, K, D = 7, 3, 2
KERNELS = [
    {"name": name, "on": on, "statistic": statistic, "prior": by}
    for name in ("imq_mmd", "rbf_mmd")
    for on in ("marginal", "joint")
    for statistic, by in (("u", "auto"), ("v", "auto"), ("cross", "auto"), ("u", "sampled"))
]
JOINT = [{"name": name, "on": "joint"} for name in ("sinkhorn", "energy", "exact_ot")]


@pytest.fixture
def leaves():
    torch.manual_seed(0)
    z = torch.randn(N, 1, D, dtype=torch.float64, requires_grad=True)
    logits = torch.randn(N, K, dtype=torch.float64, requires_grad=True)
    return logits, z


def shared(logits, z):
    return MixturePosterior(logits, z, torch.ones_like(z), z)


def copies(logits, z):
    each = z.expand(N, K, D) + 0.0  # K points, each with its own place
    return MixturePosterior(logits, each, torch.ones_like(each), each)


def value_and_gradients(spec, posteriors, leaves):
    divergence, prior = divergences.build(spec), GaussianMixture(K, D).double()
    for posterior in posteriors:
        divergence.update(posterior.detach(), prior)
    torch.manual_seed(2)
    value = divergence(posteriors[-1], prior)
    return value, *torch.autograd.grad(value, leaves, allow_unused=True)


# Adversarial critics learn in batches, by another order of sums; the rest has nothing to learn.
OTHERS = [
    name for name in divergences if name not in ("imq_mmd", "rbf_mmd", "adversarial", "separate")
]


@pytest.mark.parametrize("spec", [*KERNELS, *OTHERS, *JOINT], ids=str)
def test_divergences_see_what_k_copies_would_show(spec, leaves):
    earlier = [torch.randn(N, K).double(), torch.randn(N, 1, D).double()]
    found = value_and_gradients(spec, [shared(*earlier), shared(*leaves)], leaves)
    wanted = value_and_gradients(spec, [copies(*earlier), copies(*leaves)], leaves)
    torch.testing.assert_close(found[0], wanted[0])
    torch.testing.assert_close(found[2], wanted[2], rtol=1e-4, atol=1e-6)
    if found[1] is not None:
        torch.testing.assert_close(found[1], wanted[1], rtol=1e-4, atol=1e-6)
    elif "sinkhorn" not in str(spec) and wanted[1] is not None:  # it stops early: not quite 0
        torch.testing.assert_close(wanted[1], torch.zeros(N, K).double(), rtol=0, atol=1e-8)


@pytest.mark.parametrize(("on", "points"), [("marginal", N), ("joint", N * K)])
def test_divergences_are_given_no_more_points_than_there_are(on, points, leaves):
    seen = []

    class Spy(SampleDivergence):
        def between(self, x, a, y, b):
            seen.append((len(x), float(a.sum().detach())))
            return x.sum()

    spy = Spy()
    spy.on = on
    spy(shared(*leaves), GaussianMixture(K, D).double())
    assert seen == [(points, pytest.approx(1))]
    cross = divergences.build({"name": "imq_mmd", "statistic": "cross", "on": on})
    for _ in range(2):
        cross.update(shared(*leaves), GaussianMixture(K, D))
    z, weights = cross.queue.earlier()
    assert z.shape[0] * z.shape[1] == weights.numel() == points


def test_what_is_shared_is_a_view(leaves):
    posterior = shared(*leaves)
    for one in (posterior, posterior.detach()):
        assert one.z.shape == one.mean.shape == one.std.shape == (N, K, D)
        assert one.z.untyped_storage().nbytes() == N * D * 8
        assert torch.equal(one.codes, leaves[1])
        assert torch.equal(one.code_weights, torch.ones(N, 1).double())
        assert torch.equal(one.sample(), leaves[1][:, 0])
        assert torch.equal(one.likeliest(), leaves[1][:, 0])
    assert not posterior.detach().codes.requires_grad


@pytest.mark.parametrize("name", list(expectations))
def test_expectations_hand_a_single_code_on(name, leaves):
    posterior = shared(*leaves)
    codes, weights = expectations.build(name)(posterior)
    assert torch.equal(codes, posterior.codes)
    assert torch.equal(weights, torch.ones(N, 1).double())


@pytest.mark.parametrize("name", list(expectations))
def test_expectations_choose_among_codes_that_are_no_points(name, leaves):
    logits, z = leaves
    corners = torch.eye(K).double().expand(N, K, K)
    codes = torch.cat([z.expand(N, K, D), corners], dim=2)
    posterior = MixturePosterior(logits, z, torch.ones_like(z), z, codes)
    chosen, weights = expectations.build(name)(posterior)
    assert chosen.shape[2] == D + K
    assert chosen.shape[:2] == weights.shape
    torch.testing.assert_close(chosen[..., :D], z.expand(N, chosen.shape[1], D))
    assert torch.equal(posterior.likeliest()[:, D:].argmax(1), logits.argmax(1))
    assert posterior.sample().shape == (N, D)
    assert torch.equal(posterior.detach().codes, codes.detach())


def test_the_mean_is_a_draw_without_chance():
    mean, std = torch.randn(2, 4, 3)
    assert torch.equal(at_mean(mean, std), mean)
