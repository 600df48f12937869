"""How sigma comes from what a net gives."""

import pytest
import torch
from torch import nn

from otlvm import LatentMixtureModel
from otlvm.networks.std import STD_FLOOR, STDS
from otlvm.starts import starts
from tests.small_networks import PRIOR, SHAPE, SMALL, images

VARIANCES = {
    "softplus": lambda raw: nn.functional.softplus(raw).square(),
    "softplus_variance": nn.functional.softplus,
    "exp_variance": torch.exp,
}


@pytest.mark.parametrize("std", STDS)
class TestStd:
    def test_values(self, std):
        raw = torch.linspace(-8, 30, 50, dtype=torch.float64)
        variance = STDS[std]()(raw).square()
        torch.testing.assert_close(variance, VARIANCES[std](raw), rtol=1e-2, atol=1e-8)
        middle = raw > -2
        torch.testing.assert_close(variance[middle], VARIANCES[std](raw)[middle], rtol=2e-5, atol=0)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_the_inverse_inverts(self, std, dtype):
        form = STDS[std]()
        wanted = torch.logspace(-2, 4, 60, dtype=dtype)
        raw = form.inverse(wanted)
        assert torch.isfinite(raw).all()
        torch.testing.assert_close(form(raw), wanted, rtol=1e-4, atol=0)

    def test_far_out_it_is_the_floor_with_a_finite_gradient(self, std):
        raw = torch.tensor([-1e4, -200.0, -100.0, -30.0, 50.0], requires_grad=True)
        values = STDS[std]()(raw)
        assert (values >= STD_FLOOR).all()
        values.sum().backward()
        assert torch.isfinite(raw.grad).all()

    @pytest.mark.parametrize("scale", [0.01, 1.0, 200.0])
    def test_starting_at_the_prior_gives_its_std(self, std, scale):
        prior = {**PRIOR, "sigma": scale}
        model = LatentMixtureModel(SHAPE, {**SMALL["mlp"], "std": std}, prior)
        starts.build("prior").prepare(model, images(), 20)
        posterior = model.encode(images())
        torch.testing.assert_close(
            posterior.std, torch.full_like(posterior.std, scale), rtol=1e-3, atol=0
        )
