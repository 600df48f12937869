"""Several samples of z for each image."""

from itertools import product

import pytest
import torch

from otlvm import LatentMixtureModel
from otlvm.divergences import IMQMMD, RBFMMD, CramerWold, Divergence
from otlvm.latents import MixturePosterior, as_posterior
from otlvm.objectives import VAE, WAE, MonteCarlo, objectives
from otlvm.priors import GaussianMixture, Prior, StandardNormal
from otlvm.weights import Constraint
from tests.small_networks import PRIOR, SHAPE, SMALL, images


@pytest.fixture
def model():
    torch.manual_seed(0)
    return LatentMixtureModel(SHAPE, SMALL["mlp"], PRIOR).double().eval()


def losses(objective, model, x, count):
    torch.manual_seed(1)
    with torch.no_grad():
        return torch.stack([objective(model, x).reconstruction for _ in range(count)])


def test_it_is_the_same_expectation_with_less_variance(model):
    x = images().double()[:4]
    one, nine = (losses(VAE(), model, x, 3000), losses(MonteCarlo(VAE(), 9), model, x, 3000))
    error = float((one.var() / 3000 + nine.var() / 3000).sqrt())
    assert float(nine.mean()) == pytest.approx(float(one.mean()), abs=4 * error)
    # A ratio of variances of 3,000 normal draws each is within 8 percent, at two deviations.
    assert float(one.var() / nine.var()) == pytest.approx(9, rel=0.15)


class Undense(Prior):
    has_density = False

    def sample_components(self, n):
        return torch.zeros(self.n_components, n, self.dim)


class Seen(Divergence):
    """Remembers the codes that it is shown."""

    warm_up = 2

    def __init__(self):
        super().__init__()
        self.shown, self.updates, self.copies = [], [], []

    def update(self, posterior, prior):
        self.updates.append(len(posterior.z))

    def forward(self, posterior, prior):
        self.shown.append(posterior.z.detach())
        self.copies.append(posterior.copies)
        return posterior.z.square().mean()


def test_the_divergence_sees_the_samples_of_an_image_side_by_side(model):
    objective, x = MonteCarlo(WAE(Seen(), 1.0), 3), images().double()[:5]
    objective(model, x)
    (z,) = objective.of.divergence.shown
    assert z.shape[0] == 15
    means = model.encode_means(x).mean
    spread = (z.view(5, 3, *z.shape[1:]) - means.unsqueeze(1)) / model.encode_means(
        x
    ).std.unsqueeze(1)
    assert float(spread.detach().abs().max()) < 6  # in deviations of each image's own Gaussians
    assert not torch.equal(z[0], z[1])
    objective.warm_up(model, lambda: x)
    assert set(objective.of.divergence.updates) == {15}


def test_what_it_is_around_is_asked(model):
    assert objectives.build("monte_carlo").named_terms() == ("kl_z", "kl_k")
    with pytest.raises(ValueError, match="samples must be positive"):
        MonteCarlo(samples=0)
    with pytest.raises(TypeError, match="needs a prior with a density"):
        MonteCarlo(VAE()).check(Undense(3, 2))


KERNELS = [
    *(lambda kind=kind, on=on: kind(on=on) for kind in (IMQMMD, RBFMMD, CramerWold)
      for on in ("marginal", "joint")),
    lambda: IMQMMD(prior="sampled"),
]  # fmt: skip


@pytest.mark.parametrize("make", KERNELS)
def test_the_statistic_leaves_out_pairs_of_one_image(make):
    """The U-statistic of images with L samples is the mean over which sample stands for each."""
    torch.manual_seed(0)
    n, copies, prior = 3, 2, GaussianMixture(components=2, dim=2)
    z = torch.randn(n * copies, 2, 2, dtype=torch.float64)
    logits = torch.randn(n, 2, dtype=torch.float64).repeat_interleave(copies, dim=0)

    def value(rows, each):
        posterior = MixturePosterior(logits[rows], z[rows], z[rows], z[rows], copies=each)
        torch.manual_seed(1)  # the same samples of the prior: as many as there are rows
        return make()(posterior, prior.double())

    if make().prior == "sampled":
        one, other = value([0, 2, 4, 1, 3, 5], 1), value(list(range(6)), 2)
        assert not torch.isclose(one, other)
        return
    every = [value([a, 2 + b, 4 + c], 1) for a, b, c in product(range(copies), repeat=n)]
    assert torch.allclose(value(list(range(6)), 2), torch.stack(every).mean(), atol=1e-5)


def narrow(n, copies, prior):
    """Codes of images that are the prior's draws, each with samples that lie near it."""
    z, k = prior.sample_with_components(n)
    at = as_posterior(0.995 * z, k, prior.n_components, copies)
    near = at.z + 0.0999 * torch.randn_like(at.z)
    return MixturePosterior(at.logits, near, at.std, near, copies=copies)


@pytest.mark.parametrize("copies", [1, 5])
def test_the_statistic_stays_unbiased(copies):
    torch.manual_seed(0)
    prior = StandardNormal(8)
    values = torch.stack([IMQMMD()(narrow(32, copies, prior), prior) for _ in range(200)])
    assert abs(float(values.mean())) < 4 * float(values.std()) / 200**0.5


def test_chance_is_that_of_as_many_images(model):
    """The moving mean's error, of 64 draws of chance, is within a third at three deviations."""
    x, errors = images().double()[:8], {}
    for copies in (1, 4):
        torch.manual_seed(0)
        objective = MonteCarlo(WAE(IMQMMD(), Constraint()), copies)
        objective.warm_up(model, lambda: x)
        errors[copies] = float(objective.of.weight.error)
    assert errors[4] == pytest.approx(errors[1], rel=0.4)


def test_copies_multiply_and_no_one_else_sees_them(model):
    objective, x = MonteCarlo(MonteCarlo(WAE(Seen(), 1.0), 2), 3), images().double()[:5]
    objective(model, x)
    assert objective.of.of.divergence.copies == [6]
    assert model.encode(x).copies == 1
