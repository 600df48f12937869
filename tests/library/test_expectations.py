import math

import pytest
import torch

from otlvm.expectations import Exact, Gumbel, MeanCode, SumAndSample
from otlvm.latents import MixturePosterior


def estimate(expectation, logits, z):
    """E f(z_k) of some nonlinear f, for each data point."""
    codes, weights = expectation(MixturePosterior(logits, z, z, z))
    assert codes.shape[:2] == weights.shape
    return (weights * (codes.square().sum(-1) + codes.sum(-1).sin())).sum(1)


@pytest.fixture
def inputs():
    torch.manual_seed(0)
    return torch.randn(4, 6).double() * 2, torch.randn(4, 6, 3).double()


def test_exact_is_the_sum_over_components(inputs):
    logits, z = inputs
    expected = sum(
        logits.softmax(1)[:, k] * (z[:, k].square().sum(-1) + z[:, k].sum(-1).sin())
        for k in range(6)
    )
    torch.testing.assert_close(estimate(Exact(), logits, z), expected)


@pytest.mark.parametrize("likely", [0, 1, 3])
def test_sum_and_sample_is_unbiased_in_value_and_gradient(inputs, likely):
    repeats = 20_000
    expectation = SumAndSample(likely)
    logits, z = (t[:1] for t in inputs)

    def value_and_grads(method, n):
        leaf_logits = logits.expand(n, 6).clone().requires_grad_()
        leaf_z = z.expand(n, 6, 3).clone().requires_grad_()
        values = estimate(method, leaf_logits, leaf_z)
        values.sum().backward()
        return torch.cat([values[:, None].detach(), leaf_logits.grad, leaf_z.grad.flatten(1)], 1)

    exact = value_and_grads(Exact(), 1)[0]
    draws = value_and_grads(expectation, repeats)
    error = draws.std(0) / math.sqrt(repeats)
    assert ((draws.mean(0) - exact).abs() < 5 * error + 1e-9).all()
    assert error.max() > 0  # it is an estimate, not the exact sum in disguise


def test_sum_and_sample_decodes_few_codes_and_the_likely_ones(inputs):
    logits, z = inputs
    codes, weights = SumAndSample(2)(MixturePosterior(logits, z, z, z))
    assert codes.shape == (4, 3, 3)
    pi, order = logits.softmax(1).sort(1, descending=True)
    torch.testing.assert_close(weights[:, :2], pi[:, :2])
    torch.testing.assert_close(weights.sum(1), torch.ones(4).double())
    torch.testing.assert_close(codes[:, 0], z[torch.arange(4), order[:, 0]])


def test_sum_and_sample_with_all_mass_on_top():
    logits = torch.tensor([[200.0, 0.0, -200.0, 0.0]], requires_grad=True)
    z = torch.ones(1, 4, 2)
    value = estimate(SumAndSample(1), logits, z)
    value.sum().backward()
    assert float(value.detach()) == pytest.approx(2 + math.sin(2))
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("likely", [3, 5, 9])
def test_sum_and_sample_of_few_components_is_exact(likely, inputs):
    logits, z = (t[:, :4] for t in inputs)
    torch.testing.assert_close(
        estimate(SumAndSample(likely), logits, z), estimate(Exact(), logits, z)
    )


def test_hard_gumbel_samples_components_with_their_probability(inputs):
    logits = inputs[0][:1].expand(20_000, 6)
    z = torch.arange(6.0).double()[None, :, None].expand(20_000, 6, 1)
    codes, weights = Gumbel()(MixturePosterior(logits, z, z, z))
    assert codes.shape == (20_000, 1, 1)
    assert weights.unique().tolist() == [1.0]
    shares = torch.bincount(codes.flatten().round().long(), minlength=6) / 20_000
    torch.testing.assert_close(shares.double(), logits[0].softmax(0), atol=0.012, rtol=0)


def test_relaxed_gumbel_mixes_and_tends_to_hard_samples(inputs):
    logits = inputs[0][:1].expand(2000, 6)
    z = torch.eye(6).double().expand(2000, 6, 6)

    def largest_share(temperature):
        relaxed = Gumbel(temperature, temperature, hard=False)
        codes, _ = relaxed(MixturePosterior(logits, z, z, z))
        torch.testing.assert_close(codes.sum(-1), torch.ones(2000, 1).double())
        return codes.max(-1).values.mean()

    assert largest_share(5.0) < largest_share(0.5) < largest_share(0.01)
    assert largest_share(0.01) > 0.98


def test_gumbel_temperature_falls_over_training_steps(inputs):
    logits, z = inputs
    gumbel = Gumbel(temperature=2.0, final_temperature=0.5, anneal_steps=4)
    posterior = MixturePosterior(logits, z, z, z)
    found = []
    for _ in range(6):
        found.append(float(gumbel.temperature()))
        gumbel(posterior)
    assert found == pytest.approx([2.0, 2**0.5, 1.0, 0.5**0.5, 0.5, 0.5])
    gumbel.eval()
    gumbel(posterior)
    assert float(gumbel.step) == 6


@pytest.mark.parametrize("hard", [True, False])
def test_gumbel_gradients_reach_all_components(inputs, hard):
    logits, z = (t.clone().requires_grad_() for t in inputs)
    estimate(Gumbel(hard=hard), logits, z).sum().backward()
    assert logits.grad.abs().min() > 0
    assert torch.isfinite(z.grad).all()


def test_the_mean_code_is_q_of_k_where_codes_are_unit_vectors(inputs):
    logits = inputs[0]
    z = torch.eye(6).double().expand(4, 6, 6)
    codes, weights = MeanCode()(MixturePosterior(logits, z, z, z))
    torch.testing.assert_close(codes, logits.softmax(1).unsqueeze(1))
    assert weights.tolist() == [[1.0]] * 4


@pytest.mark.parametrize(
    "make", [lambda: SumAndSample(-1), lambda: Gumbel(0.0), lambda: Gumbel(anneal_steps=0)]
)
def test_nonsense_is_refused(make):
    with pytest.raises(ValueError, match=r"negative|positive"):
        make()


@pytest.mark.parametrize("likely", [1, 3])
def test_a_constant_in_f_makes_no_noise_in_the_gradient(inputs, likely):
    logits, z = (t.clone().requires_grad_() for t in inputs)
    _, weights = SumAndSample(likely)(MixturePosterior(logits, z, z, z))
    (1000 * weights).sum().backward()
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits), atol=1e-10, rtol=0)
