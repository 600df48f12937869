import math

import pytest
import torch
from safetensors.torch import load_file, save_model
from torch.distributions import Categorical, MixtureSameFamily, MultivariateNormal

from otlvm.priors import (
    GaussianMixture,
    GaussianPrior,
    Mixture,
    Rotated2D,
    StandardNormal,
    regular_simplex,
)


@pytest.fixture(
    params=[
        lambda: GaussianMixture(components=4, dim=5, distance=3.0, sigma=0.5),
        lambda: Rotated2D(components=7),
        lambda: StandardNormal(dim=3),
        lambda: StandardNormal(dim=3, components=4),
    ],
    ids=["gaussian_mixture", "rotated_2d", "standard_normal", "standard_normals"],
)
def prior(request):
    return request.param()


def reference(prior: GaussianPrior) -> MixtureSameFamily:
    means, covariances = prior.moments()
    components = MultivariateNormal(means, covariances)
    return MixtureSameFamily(Categorical(torch.ones(prior.n_components)), components)


def test_densities_are_those_of_torch(prior):
    prior = prior.double()
    torch.manual_seed(0)
    z = 2 * torch.randn(50, prior.dim, dtype=torch.float64)
    expected = reference(prior)
    close = {"rtol": 1e-6, "atol": 1e-6}  # the parameters are rounded to float32
    torch.testing.assert_close(prior.log_prob(z), expected.log_prob(z), **close)
    joint = expected.component_distribution.log_prob(z[:, None])
    torch.testing.assert_close(prior.component_log_prob(z), joint, **close)
    torch.testing.assert_close(prior.responsibilities(z), joint.softmax(-1), **close)


def test_samples_have_the_components_moments(prior):
    torch.manual_seed(0)
    means, covariances = prior.moments()
    z = prior.sample_components(20_000)
    torch.testing.assert_close(z.mean(0), means, atol=0.03, rtol=0)
    for k in range(prior.n_components):
        torch.testing.assert_close(z[:, k].T.cov(), covariances[k], atol=0.04, rtol=0)


def test_draws_of_the_mixture(prior):
    torch.manual_seed(0)
    z = prior.sample(20_000)
    shares = prior.responsibilities(z).mean(0)
    uniform = torch.full((prior.n_components,), 1 / prior.n_components)
    torch.testing.assert_close(shares, uniform, atol=0.01, rtol=0)
    distances = (z[::2] - z[1::2]).square().sum(1)
    assert distances.mean() == pytest.approx(float(prior.spread()), rel=0.03)


@pytest.mark.parametrize(("vertices", "dim"), [(1, 3), (2, 1), (4, 3), (4, 7), (11, 10)])
def test_simplex_is_regular_and_centred(vertices, dim):
    points = regular_simplex(vertices, dim)
    assert points.shape == (vertices, dim)
    distances = torch.pdist(points)
    torch.testing.assert_close(distances, torch.ones_like(distances))
    torch.testing.assert_close(points.mean(0), torch.zeros(dim))


def test_distance_is_in_units_of_sigma():
    means, covariances = GaussianMixture(5, 6, distance=4.0, sigma=0.3).moments()
    torch.testing.assert_close(torch.pdist(means), torch.full((10,), 1.2))
    torch.testing.assert_close(covariances[2], 0.09 * torch.eye(6))


@pytest.mark.parametrize(
    ("components", "dim", "angle"),
    [(12, 10, None), (5, 2, 72), (6, 3, 90), (8, 4, 90), (12, 3, 63.4349), (20, 5, None)],
)
def test_more_components_than_a_simplex_has_lie_far_apart(components, dim, angle):
    """On a sphere, and where the best is known, as far: a polygon, octahedra, an icosahedron."""
    prior = GaussianMixture(components, dim, distance=3.0, sigma=2.0)
    means = prior.moments()[0].double()
    radius = means.norm(dim=1)
    torch.testing.assert_close(radius, radius.mean().expand_as(radius), rtol=1e-4, atol=0)
    assert float(torch.pdist(means).min()) == pytest.approx(6.0, rel=1e-5)
    # d + 1 equidistant points are 2 asin(...) apart; two more must still be more than a right angle
    # or, with up to 2 d points, exactly one apart.
    found = 2 * math.degrees(math.asin(3.0 / float(radius.mean())))
    if angle is not None:
        assert found == pytest.approx(angle, rel=0.01)
    elif components <= 2 * dim:
        assert found == pytest.approx(90, rel=0.01)
    again = GaussianMixture(components, dim, distance=3.0, sigma=2.0).moments()[0]
    assert torch.equal(means.float(), again)


WEIGHTS = [0.6, 0.1, 0.3]


def weighted(learn=False):
    return Mixture(
        means=[[0.0, 1.0], [4.0, 0.0], [-1.0, -4.0]],
        covariances=[
            [[1.0, 0.3], [0.3, 0.5]],
            [[2.0, 0.0], [0.0, 1.0]],
            [[1.0, -0.2], [-0.2, 1.0]],
        ],
        weights=WEIGHTS,
        learn=learn,
    )


@pytest.mark.parametrize("learn", [False, True])
def test_weights_count_everywhere(learn):
    prior = weighted(learn).double()
    torch.manual_seed(0)
    z = 3 * torch.randn(50, 2, dtype=torch.float64)
    each = MultivariateNormal(*(moment.detach() for moment in prior.moments()))
    mixture = MixtureSameFamily(Categorical(torch.tensor(WEIGHTS).double()), each)
    close = {"rtol": 1e-6, "atol": 1e-6}
    torch.testing.assert_close(prior.log_prob(z).detach(), mixture.log_prob(z), **close)
    joint = each.log_prob(z[:, None]) + torch.tensor(WEIGHTS).double().log()
    torch.testing.assert_close(prior.responsibilities(z).detach(), joint.softmax(-1), **close)
    draws, k = prior.sample_with_components(20_000)
    shares = torch.bincount(k) / len(k)
    torch.testing.assert_close(shares, torch.tensor(WEIGHTS), atol=0.01, rtol=0)
    centre, covariance = prior.mixture_moments()
    torch.testing.assert_close(draws.mean(0), centre, atol=0.06, rtol=0)
    torch.testing.assert_close(draws.T.cov(), covariance, atol=0.15, rtol=0)
    assert float(prior.spread().detach()) == pytest.approx(
        2 * float(mixture.variance.sum()), rel=1e-6
    )


@pytest.mark.parametrize(
    ("covariances", "expected"),
    [
        (4.0, torch.eye(2).expand(3, 2, 2) * 4),
        ([1.0, 2.0, 3.0], torch.eye(2) * torch.tensor([1.0, 2.0, 3.0])[:, None, None]),
        ([[1.0, 2.0]] * 3, torch.diag(torch.tensor([1.0, 2.0])).expand(3, 2, 2)),
        ([[[2.0, 1.0], [1.0, 2.0]]] * 3, torch.tensor([[2.0, 1.0], [1.0, 2.0]]).expand(3, 2, 2)),
    ],
)
def test_covariances_in_four_forms(covariances, expected):
    prior = Mixture(means=[[0.0, 1.0], [4.0, 0.0], [-1.0, -4.0]], covariances=covariances)
    torch.testing.assert_close(prior.moments()[1], expected)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"weights": [0.5, 0.5]}, "weights are 2, components are 3"),
        ({"weights": [0.5, 0.5, 0.5]}, "sum to 1, they sum to 1.5"),
        ({"weights": [1.5, -0.5, 0.0]}, "must be positive"),
        ({"covariances": [1.0, 2.0]}, "for 3 means of 2 numbers"),
        ({"covariances": [1.0, 2.0, -1.0]}, "component 2 is not positive definite"),
        ({"covariances": [[[1.0, 0.5], [0.0, 1.0]]] * 3}, "symmetric"),
        ({"means": [[0.0, 1.0], [4.0], [-1.0, -4.0]]}, "lists of numbers of equal length"),
        ({"means": [0.0, 1.0]}, "K lists of d numbers"),
        ({"means": [[0.0, math.nan]] * 3}, "finite"),
    ],
)
def test_mixtures_that_do_not_fit(changed, told):
    given = {"means": [[0.0, 1.0], [4.0, 0.0], [-1.0, -4.0]], **changed}
    with pytest.raises(ValueError, match=told):
        Mixture(**given)


def test_rotations_of_the_plane():
    prior = Rotated2D(components=10, radius=2.0, radial_std=0.5, tangential_std=0.1)
    means, covariances = prior.moments()
    for k in range(10):
        angle = 2 * math.pi * k / 10
        rotation = torch.tensor(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        torch.testing.assert_close(means[k], rotation @ torch.tensor([2.0, 0.0]))
        expected = rotation @ torch.diag(torch.tensor([0.25, 0.01])) @ rotation.T
        torch.testing.assert_close(covariances[k], expected, atol=1e-6, rtol=1e-5)


def test_kl_is_that_of_torch_and_of_monte_carlo(prior):
    torch.manual_seed(0)
    prior = prior.double()
    shape = (3, prior.n_components, prior.dim)
    mean = torch.randn(shape, dtype=torch.float64)
    std = 0.2 + torch.rand(shape, dtype=torch.float64)
    posterior = MultivariateNormal(mean, scale_tril=torch.diag_embed(std))
    components = MultivariateNormal(*prior.moments())
    expected = torch.distributions.kl_divergence(posterior, components.expand((3, shape[1])))
    torch.testing.assert_close(prior.kl(mean, std), expected)

    z = posterior.sample((20_000,))
    logs = posterior.log_prob(z) - components.log_prob(z)
    error = logs.std(0) / len(z) ** 0.5
    assert ((logs.mean(0) - prior.kl(mean, std)).abs() < 5 * error + 1e-9).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: GaussianMixture(components=0),
        lambda: GaussianMixture(sigma=0.0),
        lambda: Rotated2D(radial_std=-1.0),
        lambda: StandardNormal(dim=0),
        lambda: StandardNormal(components=0),
    ],
)
def test_nonsense_is_refused(make):
    with pytest.raises(ValueError, match="must be positive"):
        make()


def test_a_prior_of_views_can_be_saved(tmp_path):
    means, covariances = torch.eye(3)[:, :2], torch.eye(2).expand(3, 2, 2)
    prior = GaussianPrior(means, covariances)
    save_model(prior, str(tmp_path / "prior.safetensors"))
    assert torch.equal(load_file(tmp_path / "prior.safetensors")["means"], means)
