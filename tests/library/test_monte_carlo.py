"""Several samples of z for each image."""

import pytest
import torch

from otlvm import LatentMixtureModel
from otlvm.divergences import Divergence
from otlvm.objectives import VAE, WAE, MonteCarlo, objectives
from otlvm.priors import Prior
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
        self.shown, self.updates = [], []

    def update(self, posterior, prior):
        self.updates.append(len(posterior.z))

    def forward(self, posterior, prior):
        self.shown.append(posterior.z.detach())
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
