"""Each kind of inference against formulas and loops of its own."""

import math
from functools import partial

import pytest
import torch
from torch.distributions import Categorical, Normal
from torch.nn.functional import binary_cross_entropy

from otlvm import LatentMixtureModel
from otlvm.divergences import IMQMMD
from otlvm.inference import inferences
from otlvm.objectives import VAE, WAE
from otlvm.testing import check_inference

N, K, D, PIXELS = 6, 3, 2, 9
NETWORK = {"name": "mlp", "hidden": [8], "component_hidden": [4]}
DIAGONAL = {
    "name": "mixture",
    "means": [[0.0, 1.0], [3.0, 0.0], [-1.0, -2.0]],
    "covariances": [[1.0, 0.5], [2.0, 1.0], [0.7, 1.3]],
    "weights": [0.5, 0.2, 0.3],
    "learn": True,
}
FULL = {
    **DIAGONAL,
    "covariances": [[[1.0, 0.3], [0.3, 0.5]], [[2.0, 0.4], [0.4, 1.0]], [[1.0, -0.2], [-0.2, 1.0]]],
}
KINDS = [
    "mirror",
    {"name": "responsibilities", "of": "sample"},
    {"name": "responsibilities", "of": "mean"},
    {"name": "responsibilities", "of": "expectation"},
    "independent",
    "m2",
]
TOLD = ("independent", "m2")
"""Whose decoder is given k too."""
by_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


def small_model(kind, prior=DIAGONAL):
    torch.manual_seed(0)
    return LatentMixtureModel((1, 3, 3), NETWORK, prior, kind).double().eval()


@pytest.fixture
def x():
    generator = torch.Generator().manual_seed(1)
    return torch.rand(N, PIXELS, generator=generator, dtype=torch.float64)


def seeded_encode(model, x, seed=2):
    torch.manual_seed(seed)
    return model.encode(x)


def losses_of(objective, model, x, seed=2):
    torch.manual_seed(seed)
    return objective(model, x)


@by_kind
def test_ours_conform(kind):
    check_inference(partial(inferences.build, kind))


@pytest.mark.parametrize("prior", [DIAGONAL, FULL], ids=["diagonal", "full"])
@pytest.mark.parametrize("of", ["sample", "mean", "expectation"])
def test_responsibilities_are_those_of_torch(of, prior, x):
    model = small_model({"name": "responsibilities", "of": of}, prior)
    posterior = seeded_encode(model, x)
    means, covariances = model.prior.moments()
    weights = torch.tensor(DIAGONAL["weights"]).double()
    for i in range(N):
        scores = []
        for k in range(K):
            p = torch.distributions.MultivariateNormal(means[k], covariances[k])
            expected = p.log_prob((posterior.mean if of == "mean" else posterior.z)[i, 0])
            if of == "expectation":  # E_q log p = log p(mean) - tr(precision var) / 2
                precision = torch.linalg.inv(covariances[k])
                trace = (precision.diagonal() * posterior.std[i, 0].square()).sum()
                expected = p.log_prob(posterior.mean[i, 0]) - trace / 2
            scores.append(weights[k].log() + expected)
        shares = torch.stack(scores).exp()
        torch.testing.assert_close(posterior.pi[i], shares / shares.sum(), rtol=1e-6, atol=1e-9)


def test_the_expectation_is_that_of_samples(x):
    """E_q log p(z|k) by many samples of z, and the q(k|x) that follows."""
    model = small_model({"name": "responsibilities", "of": "expectation"}, FULL)
    posterior = model.encode(x[:1])
    z = Normal(posterior.mean[0, 0], posterior.std[0, 0]).sample((40_000,))
    scores = model.prior.component_log_prob(z) + model.prior.log_weights()
    draws = scores - scores[:, :1]
    found = posterior.logits[0] - posterior.logits[0, 0]
    error = draws.std(0) / math.sqrt(len(z))
    assert ((draws.mean(0) - found).abs() < 5 * error + 1e-9).all()


@pytest.mark.parametrize("of", ["sample", "mean", "expectation"])
def test_the_vae_of_responsibilities_is_the_elbo_of_vade(of, x):
    """Its eq. 12 (Jiang et al., 2017), by loops over images, components and dimensions."""
    model = small_model({"name": "responsibilities", "of": of})
    losses = losses_of(VAE(), model, x)
    posterior = seeded_encode(model, x)
    mean, std, z = (t[:, 0].tolist() for t in (posterior.mean, posterior.std, posterior.z))
    centres = model.prior.means.tolist()
    variances = model.prior.moments()[1].diagonal(dim1=-2, dim2=-1).tolist()
    weights = DIAGONAL["weights"]
    decoded = torch.sigmoid(model.network.decoder(posterior.z[:, 0])).tolist()
    total = 0.0
    for i in range(N):
        shares = []
        for c in range(K):
            log_density = 0.0
            for j in range(D):
                spread = variances[c][j]
                distance = ((mean if of == "mean" else z)[i][j] - centres[c][j]) ** 2
                if of == "expectation":
                    distance = (mean[i][j] - centres[c][j]) ** 2 + std[i][j] ** 2
                log_density -= 0.5 * (math.log(2 * math.pi * spread) + distance / spread)
            shares.append(weights[c] * math.exp(log_density))
        gamma = [share / sum(shares) for share in shares]
        elbo = 0.0
        for pixel, probability in zip(x[i].tolist(), decoded[i], strict=True):
            elbo += pixel * math.log(probability) + (1 - pixel) * math.log(1 - probability)
        for c in range(K):
            for j in range(D):
                spread = variances[c][j]
                elbo -= 0.5 * gamma[c] * (
                    math.log(spread)
                    + std[i][j] ** 2 / spread
                    + (mean[i][j] - centres[c][j]) ** 2 / spread
                )  # fmt: skip
            elbo += gamma[c] * math.log(weights[c] / gamma[c])
        for j in range(D):
            elbo += 0.5 * (1 + math.log(std[i][j] ** 2))
        total -= elbo / N
    assert float(losses.total.detach()) == pytest.approx(total, rel=1e-6)


def test_no_other_assignment_has_a_larger_elbo_than_the_expectation(x):
    model = small_model({"name": "responsibilities", "of": "expectation"})
    best = losses_of(VAE(), model, x).regularizer
    posterior = seeded_encode(model, x)
    each = model.prior.kl(posterior.mean, posterior.std)
    for seed in range(20):
        torch.manual_seed(seed)
        pi = (posterior.logits + 0.3 * torch.randn(N, K)).softmax(1)
        other = (pi * (each + pi.log() - model.prior.log_weights())).sum(1).mean()
        assert other > best


def decoded_by_loops(model, posterior, kind, i, k):
    """What the decoder makes of image i's component k."""
    code = posterior.z[i, k]
    if kind in TOLD:
        corner = torch.zeros(K).double()
        corner[k] = 1
        code = torch.cat([code, corner])
    return torch.sigmoid(model.network.decoder(code[None]))[0]


@by_kind
@pytest.mark.parametrize("prior", [DIAGONAL, FULL], ids=["diagonal", "full"])
def test_vae_terms(kind, prior, x):
    model = small_model(kind, prior)
    losses = losses_of(VAE(beta=2.0), model, x)
    posterior = seeded_encode(model, x)
    p_z = torch.distributions.MultivariateNormal(*model.prior.moments())
    q_z = torch.distributions.MultivariateNormal(
        posterior.mean, torch.diag_embed(posterior.std.square())
    )
    kl_z = torch.distributions.kl_divergence(q_z, p_z.expand((N, K)))
    p_k = Categorical(torch.tensor(DIAGONAL["weights"]).double())
    kl_k = torch.distributions.kl_divergence(Categorical(posterior.pi), p_k)
    error = torch.zeros(()).double()
    for i in range(N):
        for k in range(K):
            decoded = decoded_by_loops(model, posterior, kind, i, k)
            error = error + posterior.pi[i, k] * binary_cross_entropy(
                decoded, x[i], reduction="sum"
            )
    torch.testing.assert_close(losses.reconstruction, error / N)
    torch.testing.assert_close(losses.terms["kl_z"], (posterior.pi * kl_z).sum(1).mean())
    torch.testing.assert_close(losses.terms["kl_k"], kl_k.mean(), rtol=1e-5, atol=1e-6)
    # The gradient, by central differences along random directions of all parameters.
    parameters = list(model.parameters())
    torch.autograd.backward(losses.total)
    torch.manual_seed(3)
    step = 1e-5
    directions = [torch.randn_like(p) for p in parameters]
    ends = []
    for sign in (1, -1):
        with torch.no_grad():
            for p, v in zip(parameters, directions, strict=True):
                p.add_(sign * step * v)
            ends.append(float(losses_of(VAE(beta=2.0), model, x).total))
            for p, v in zip(parameters, directions, strict=True):
                p.sub_(sign * step * v)
    slope = sum(float((p.grad * v).sum()) for p, v in zip(parameters, directions, strict=True))
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-4)


def mmd_by_loops(posterior, prior, on):
    """The V-statistic of the IMQ MMD, the prior by its samples."""
    scales = torch.tensor(IMQMMD().scales, dtype=torch.float64)

    def kernel(a, b):
        return (scales / (scales + (a - b).square().sum())).sum()

    torch.manual_seed(5)
    y = prior.sample_components(N)
    weights = prior.weights()
    value = torch.zeros(()).double()
    places = [(i, k) for i in range(N) for k in range(K)]
    for i, k in places:
        for j, m in places:
            if on == "joint" and k != m:
                continue
            a, b = posterior.pi[i, k] / N, posterior.pi[j, m] / N
            value = value + a * b * kernel(posterior.z[i, k], posterior.z[j, m])
            value = value - 2 * a * weights[m] / N * kernel(posterior.z[i, k], y[j, m])
            own = weights[k] * weights[m] / N**2
            value = value + own * kernel(y[i, k], y[j, m])
    return value


@by_kind
@pytest.mark.parametrize("on", ["marginal", "joint"])
def test_wae_terms(kind, on, x):
    model = small_model(kind)
    posterior = seeded_encode(model, x)
    divergence = IMQMMD(on=on, prior="sampled", statistic="v")
    torch.manual_seed(5)
    found = divergence(posterior, model.prior)
    torch.testing.assert_close(
        found, mmd_by_loops(posterior, model.prior, on), rtol=1e-6, atol=1e-9
    )

    objective = WAE(IMQMMD(on=on), weight=7.0)
    losses = losses_of(objective, model, x)
    error = torch.zeros(()).double()
    for i in range(N):
        for k in range(K):
            decoded = decoded_by_loops(model, posterior, kind, i, k)
            error = error + posterior.pi[i, k] * (decoded - x[i]).square().sum()
    torch.testing.assert_close(losses.reconstruction, error / N)
    exact = IMQMMD(on=on)(posterior, model.prior)
    torch.testing.assert_close(losses.total, error / N + 7 * exact)
