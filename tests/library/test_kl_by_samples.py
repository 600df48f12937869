"""The VAE with priors that have a density and no closed form: unbiased, in value and gradient."""

import math

import pytest
import torch
from torch.distributions import Laplace, Normal

from otlvm import LatentMixtureModel, fit
from otlvm.objectives import VAE
from otlvm.priors import GaussianMixture, Prior

REPEATS = 2000
NETWORK = {"name": "mlp", "hidden": [8], "component_hidden": [4]}


class Unsolved(GaussianMixture):
    """Gaussians whose closed form nobody knows."""

    kl = Prior.kl


class Laplaces(Prior):
    """Products of Laplace densities, far apart on a diagonal."""

    def __init__(self, components=3, dim=2):
        super().__init__(components, dim)
        line = torch.arange(components).double().unsqueeze(1)
        self.register_buffer("means", 3 * line.expand(components, dim).contiguous())

    def sample_components(self, n):
        noise = Laplace(self.means.new_zeros(()), self.means.new_ones(()))
        return self.means + noise.sample((n, *self.means.shape))

    def component_log_prob(self, z):
        return Laplace(self.means, torch.ones_like(self.means)).log_prob(z.unsqueeze(-2)).sum(-1)


def model_with(prior):
    torch.manual_seed(0)
    network = LatentMixtureModel(
        (1, 3, 3), NETWORK, {"name": "gaussian_mixture", "components": 3, "dim": 2}
    ).network
    return LatentMixtureModel((1, 3, 3), network, prior).double().eval()


def kl_and_gradient(model, x):
    """The KL terms, and their gradient for biases of the component nets and the classifier's."""
    terms = VAE()(model, x).terms
    leaves = (model.network.components.output.bias, next(model.network.classifier.parameters()))
    value = terms["kl_z"] + terms["kl_k"]
    grads = torch.autograd.grad(value, leaves, allow_unused=True)
    return torch.cat([value.detach()[None], *(grad.flatten()[:20] for grad in grads)])


def test_value_and_gradient_are_unbiased():
    x = torch.rand(4, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    exact = kl_and_gradient(model_with(GaussianMixture(3, 2)), x)
    model = model_with(Unsolved(3, 2))
    draws = torch.stack([kl_and_gradient(model, x) for _ in range(REPEATS)])
    error = draws.std(0) / math.sqrt(REPEATS)
    assert ((draws.mean(0) - exact).abs() < 5 * error + 1e-9).all()
    assert (error[:13] > 0).all()  # an estimate, not the closed form in disguise


def test_the_estimate_is_that_of_torch_at_the_sample():
    torch.manual_seed(0)
    prior = Unsolved(3, 2).double()
    mean, z = torch.randn(2, 5, 3, 2).double()
    std = 0.1 + torch.rand(5, 3, 2).double()
    found = prior.kl(mean, std, z)
    for k in range(3):
        log_q = Normal(mean[:, k], std[:, k]).log_prob(z[:, k]).sum(-1)
        log_p = prior.component_log_prob(z[:, k])[:, k]
        torch.testing.assert_close(found[:, k], log_q - log_p)


def test_the_mean_of_the_estimate_is_the_integral():
    prior = Laplaces(2, 1).double()
    mean, std = torch.tensor([[[0.3], [2.0]]]).double(), torch.tensor([[[0.8], [1.4]]]).double()
    noise = torch.randn(20_000, 2, 1).double()
    draws = prior.kl(mean.expand(20_000, 2, 1), std.expand(20_000, 2, 1), mean + std * noise)
    grid = torch.linspace(-25, 25, 200_001).double()
    for k in range(2):
        q = Normal(mean[0, k, 0], std[0, k, 0]).log_prob(grid)
        p = Laplace(prior.means[k, 0], torch.tensor(1.0).double()).log_prob(grid)
        expected = torch.trapezoid(q.exp() * (q - p), grid)
        error = draws[:, k].std() / math.sqrt(len(draws))
        assert abs(draws[:, k].mean() - expected) < 5 * error


def test_training_with_it_lowers_the_loss():
    x = torch.rand(60, 9, generator=torch.Generator().manual_seed(0))
    model = model_with(Laplaces()).float()
    history = fit(model, "vae", x, steps=60, batch_size=30, learning_rate=5e-3, log_every=20)
    assert history.rows[-1]["loss"] < history.rows[0]["loss"]


def test_a_prior_without_a_density_is_refused():
    class Circle(Laplaces):
        has_density = False

    with pytest.raises(TypeError, match="a prior with a density, which Circle has not"):
        VAE().check(Circle())
