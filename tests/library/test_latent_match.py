"""The latent yardstick is unbiased, however few images there are and however they are sorted."""

import numpy as np
import pytest
import torch

from otlvm import LatentMixtureModel
from otlvm.evaluation import evaluation_mode, latent_match
from otlvm.evaluation.latent import sample_mmd
from otlvm.priors import GaussianMixture

SCALES = np.outer([0.01, 0.1, 1, 10, 100], [1, 2, 5]).ravel()


def codes(prior, n, repeats, rng):
    """Codes of n images, distributed as the prior, but those of one image are near each other."""
    means, _ = prior.moments()
    k = torch.randint(len(means), (n, 1), generator=rng).expand(n, repeats)
    of_image = torch.randn(n, 1, prior.dim, generator=rng, dtype=torch.float64)
    own = torch.randn(n, repeats, prior.dim, generator=rng, dtype=torch.float64)
    return means[k] + 0.96 * of_image + 0.28 * own  # 0.96^2 + 0.28^2 = 1


@pytest.mark.parametrize(("n", "repeats", "draws"), [(100, 6, 60), (360, 3, 40), (1000, 2, 20)])
def test_mmd_is_zero_on_average_when_q_is_p(n, repeats, draws):
    prior = GaussianMixture(components=3, dim=2).double()
    rng = torch.Generator().manual_seed(0)
    values = np.array([sample_mmd(codes(prior, n, repeats, rng), prior) for _ in range(draws)])
    error = values.std(ddof=1) / draws**0.5
    assert abs(values.mean()) < 3 * error
    # Pairs of the same image as if they were independent: what it was.
    rng = torch.Generator().manual_seed(0)
    flat = [sample_mmd(codes(prior, n, repeats, rng).flatten(0, 1), prior) for _ in range(8)]
    assert np.mean(flat) > 3 * error


def test_pairs_of_one_image_are_left_out():
    """Against all pairs one by one; the terms of the prior are the same with and without."""
    prior = GaussianMixture(components=3, dim=2).double()
    x = codes(prior, 7, 4, torch.Generator().manual_seed(0))

    def mean_kernel(one, two, skip):
        pairs = [
            (SCALES / (SCALES + float((p - q).square().sum()))).sum()
            for i, p in enumerate(one)
            for j, q in enumerate(two)
            if not skip(i, j)
        ]
        return np.mean(pairs)

    flat = x.flatten(0, 1)
    grouped = mean_kernel(flat, flat, lambda i, j: i // 4 == j // 4)
    single = mean_kernel(flat, flat, lambda i, j: i == j)
    found = sample_mmd(x, prior) - sample_mmd(flat, prior)
    assert found == pytest.approx(grouped - single, rel=1e-6)


class Means(torch.nn.Module):
    """A code that is the image itself, without noise."""

    def forward(self, x):
        return x[:, None, :2].expand(-1, 3, -1), torch.full((len(x), 3, 2), 1e-6)


@pytest.fixture
def model():
    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    model = LatentMixtureModel((1, 1, 4), {"name": "mlp", "hidden": [8]}, prior).eval()
    model.network.components = Means()
    return model


@pytest.mark.parametrize("n", [40, 73, 100, 300])
def test_images_that_are_the_priors_draws_match_it(model, n, monkeypatch):
    """Fewer images than codes, as many, and more; sorted, which must not matter."""
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 100)
    found = []
    for seed in range(60):
        torch.manual_seed(seed)
        x = torch.cat([model.prior.sample(n), torch.zeros(n, 2)], dim=1)
        with evaluation_mode(model):
            found.append(latent_match(model, x[x[:, 0].argsort()]))
    mmd = np.array([row["latent_mmd"] for row in found])
    assert abs(mmd.mean()) < 3 * mmd.std() / 60**0.5
    assert np.mean([row["latent_w2"] for row in found]) < 1.5


def test_one_image_has_no_u_statistic(model):
    with evaluation_mode(model):
        assert set(latent_match(model, torch.rand(1, 4))) == {"latent_w2"}
