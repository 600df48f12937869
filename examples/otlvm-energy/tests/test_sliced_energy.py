import pytest
import torch
from otlvm_energy import SlicedEnergy
from scipy.stats import energy_distance

from otlvm.divergences import divergences
from otlvm.testing import check_divergence


@pytest.fixture
def clouds():
    torch.manual_seed(0)
    x, y = torch.randn(30, 3).double(), 1 + torch.randn(20, 3).double()
    a, b = torch.rand(30).double(), torch.rand(20).double()
    return x, a / a.sum(), y, b / b.sum()


def test_it_is_installed_and_conforms():
    assert "sliced_energy" in divergences
    assert divergences.build("sliced_energy").projections == 50
    check_divergence(SlicedEnergy)


def test_on_a_line_it_is_the_energy_distance(clouds):
    x, a, y, b = clouds
    found = SlicedEnergy(projections=4).between(x[:, :1], a, y[:, :1], b)
    assert float(found) == pytest.approx(energy_distance(x[:, 0], y[:, 0], a, b) ** 2, rel=1e-12)


def test_in_space_it_is_half_the_energy_distance_of_the_clouds(clouds):
    x, a, y, b = clouds  # in 3 dimensions the mean of |<u, v>| over unit vectors u is |v| / 2
    energy = 2 * a @ torch.cdist(x, y) @ b - a @ torch.cdist(x, x) @ a - b @ torch.cdist(y, y) @ b
    found = SlicedEnergy(projections=10_000).between(x, a, y, b)
    assert float(found) == pytest.approx(float(energy) / 2, rel=0.02)


def test_gradients_are_those_of_the_distances(clouds):
    x, a, y, b = (part.requires_grad_() for part in clouds)
    line = x[:, :1], a, y[:, :1], b

    def mean_distance(p, v, q, w):
        return v @ (p - q.T).abs() @ w

    between = 2 * mean_distance(*line)
    expected = between - mean_distance(*line[:2], *line[:2]) - mean_distance(*line[2:], *line[2:])
    for found, wanted in zip(
        torch.autograd.grad(SlicedEnergy(1).between(*line), (x, y)),
        torch.autograd.grad(expected, (x, y)),
        strict=True,
    ):
        torch.testing.assert_close(found, wanted)


def test_bad_parameters_are_refused():
    with pytest.raises(ValueError, match="projections must be positive"):
        SlicedEnergy(projections=0)
