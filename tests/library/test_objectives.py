import math
import re

import pytest
import torch
from torch.distributions import Categorical, MultivariateNormal, Normal
from torch.nn.functional import binary_cross_entropy

from otlvm import LatentMixtureModel
from otlvm.divergences import IMQMMD, Divergence, SampleDivergence
from otlvm.objectives import VAE, WAE, bernoulli_cross_entropy
from otlvm.priors import Prior

SHAPE = (1, 4, 4)
PRIORS = [
    {"name": "gaussian_mixture", "components": 3, "dim": 2},
    {"name": "rotated_2d", "components": 5},
    {"name": "standard_normal", "dim": 2},
]


@pytest.fixture(params=PRIORS, ids=lambda spec: spec["name"])
def model(request):
    torch.manual_seed(0)
    return LatentMixtureModel(SHAPE, {"name": "mlp", "hidden": [8]}, request.param).double().eval()


def images(n=6):
    return torch.rand(n, 16, dtype=torch.float64)


def encoded(model, x):
    """The posterior that the objective saw: the same random numbers."""
    state = torch.get_rng_state()
    posterior = model.encode(x)
    torch.set_rng_state(state)
    return posterior


def test_cross_entropy_is_that_of_torch():
    logits, x = 5 * torch.randn(3, 2, 16).double(), torch.rand(3, 1, 16).double()
    expected = binary_cross_entropy(
        torch.sigmoid(logits), x.expand_as(logits), reduction="none"
    ).sum(-1)
    torch.testing.assert_close(bernoulli_cross_entropy(logits, x), expected)
    logits.requires_grad_()
    assert torch.autograd.gradcheck(bernoulli_cross_entropy, (logits, x))


def test_cross_entropy_of_extreme_logits():
    logits = torch.tensor([[-200.0, -20.0, 0.0, 20.0, 200.0]], requires_grad=True)
    value = bernoulli_cross_entropy(logits, torch.tensor([[0.0, 0.0, 0.5, 1.0, 0.0]]))
    value.sum().backward()
    assert float(value.detach()) == pytest.approx(200 + math.log(2), rel=1e-6)
    torch.testing.assert_close(logits.grad, torch.tensor([[0.0, 0.0, 0.0, 0.0, 1.0]]))


def test_vae_terms(model):
    x = images()
    posterior = encoded(model, x)
    losses = VAE(beta=3.0)(model, x)

    pi = posterior.logits.softmax(-1)
    decoded = torch.sigmoid(model.decode_logits(posterior.z))
    bce = binary_cross_entropy(decoded, x[:, None].expand_as(decoded), reduction="none").sum(-1)
    torch.testing.assert_close(losses.reconstruction, (pi * bce).sum(1).mean())

    q_z = MultivariateNormal(posterior.mean, torch.diag_embed(posterior.std**2))
    p_z = MultivariateNormal(*model.prior.moments()).expand(pi.shape)
    kl_z = (pi * torch.distributions.kl_divergence(q_z, p_z)).sum(1).mean()
    torch.testing.assert_close(losses.terms["kl_z"], kl_z)
    uniform = Categorical(torch.ones_like(pi))
    kl_k = torch.distributions.kl_divergence(Categorical(pi), uniform).mean()
    torch.testing.assert_close(losses.terms["kl_k"], kl_k)
    torch.testing.assert_close(losses.regularizer, 3 * (kl_z + kl_k))
    torch.testing.assert_close(losses.total, losses.reconstruction + losses.regularizer)


def test_elbo_bounds_the_likelihood_and_kl_is_monte_carlo(model):
    """KL(q(z, k|x) || p(z, k)) by sampling (k, z) jointly."""
    torch.manual_seed(1)
    x = images(2)
    posterior = model.encode(x)
    terms = VAE()(model, x).terms
    k = Categorical(logits=posterior.logits).sample((20_000,))
    rows = torch.arange(2)
    mean, std = posterior.mean[rows, k], posterior.std[rows, k]
    z = Normal(mean, std).sample()
    log_q = posterior.logits.log_softmax(-1)[rows, k] + Normal(mean, std).log_prob(z).sum(-1)
    joint = model.prior.component_log_prob(z) - math.log(model.prior.n_components)
    log_p = joint.gather(-1, k[..., None]).squeeze(-1)
    draws = (log_q - log_p).mean(1)
    error = draws.std() / len(draws) ** 0.5
    assert abs(draws.mean() - terms["kl_z"] - terms["kl_k"]) < 5 * error


def test_beta_zero_is_a_plain_autoencoder(model):
    losses = VAE(beta=0.0)(model, images())
    assert losses.total == losses.reconstruction


def test_wae_terms(model):
    x = images()
    torch.manual_seed(3)
    losses = WAE(IMQMMD(), weight=7.0)(model, x)
    torch.manual_seed(3)
    posterior = model.encode(x)
    error = (torch.sigmoid(model.decode_logits(posterior.z)) - x[:, None]).pow(2).sum(-1)
    expected = (posterior.logits.softmax(-1) * error).sum(1).mean()
    torch.testing.assert_close(losses.reconstruction, expected)
    torch.testing.assert_close(losses.terms["divergence"], IMQMMD()(posterior, model.prior))
    torch.testing.assert_close(losses.total, expected + 7 * losses.terms["divergence"])


def test_the_divergence_sees_all_samples_weighted(model):
    seen = {}

    class Spy(SampleDivergence):
        def between(self, x, a, y, b):
            seen.update(x=x, a=a, y=y, b=b)
            return x.square().sum()

    x = images()
    posterior = encoded(model, x)
    WAE(Spy())(model, x)
    components = model.prior.n_components
    torch.testing.assert_close(seen["x"], posterior.z.reshape(-1, 2))
    torch.testing.assert_close(seen["a"], posterior.logits.softmax(-1).reshape(-1) / 6)
    assert len(seen["y"]) % components == 0
    assert len(seen["y"]) >= 6
    torch.testing.assert_close(seen["b"].sum(), torch.tensor(1.0).double())


def test_vae_names_the_prior_it_cannot_use():
    class Uniform(Prior):
        has_density = False

        def sample_components(self, n):
            return torch.rand(n, 1, 2)

        def moments(self):
            return torch.full((1, 2), 0.5), torch.eye(2)[None] / 12

    network = LatentMixtureModel(SHAPE, "mlp", {"name": "standard_normal", "dim": 2}).network
    model = LatentMixtureModel(SHAPE, network, Uniform(1, 2))
    with pytest.raises(TypeError, match="a density, which Uniform has not"):
        VAE()(model, torch.rand(4, 16))
    assert torch.isfinite(WAE(IMQMMD())(model, torch.rand(4, 16)).total)


@pytest.mark.parametrize("make", [lambda: WAE(IMQMMD(), -1.0), lambda: VAE(-1.0)])
def test_nonsense_is_refused(make):
    with pytest.raises(ValueError, match="negative"):
        make()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (lambda z: 1.0, "Gives returns a value of float: a tensor with one number is wanted"),
        (lambda z: z.mean((1, 2)), "Gives returns a value of shape [8]"),
        (lambda z: None, "Gives returns a value of NoneType"),
    ],
)
def test_a_divergence_that_is_no_number_is_refused_by_its_name(value, told):
    class Gives(Divergence):
        def forward(self, posterior, prior):
            return value(posterior.z)

    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    model = LatentMixtureModel((1, 3, 3), {"name": "mlp", "hidden": [4]}, prior)
    with pytest.raises(TypeError, match=re.escape(told)):
        WAE(Gives(), 1.0)(model, torch.rand(8, 9))
