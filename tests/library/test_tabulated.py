"""Kernels from a table against the kernels themselves in double precision."""

import math

import pytest
import torch

from otlvm.divergences import IMQMMD, PAPER_SCALES
from otlvm.divergences.gaussian_kernels import (
    AboutCentres,
    AlongAxes,
    GaussianKernels,
    imq_as_gaussians,
    prior_embedding,
)
from otlvm.divergences.imq_mmd import InverseMultiquadrics
from otlvm.divergences.tabulated import Tabulated, _polynomials, evaluate
from otlvm.priors import GaussianMixture, Rotated2D, StandardNormal


def squared_distances(low=-9, high=9):
    return torch.logspace(low, high, 200_000, dtype=torch.float64).float()


@pytest.mark.parametrize("scales", [PAPER_SCALES, (1.0,), (1e-3, 1e3), (1e-12, 1e12)])
def test_value_and_slope_are_right_to_a_millionth_of_themselves(scales):
    table = IMQMMD(scales).kernel(StandardNormal(2), 8).profile
    squared = squared_distances()
    for found, exact in zip(
        table(squared), InverseMultiquadrics(scales)(squared.double()), strict=True
    ):
        torch.testing.assert_close(found.double(), exact, rtol=1.2e-6, atol=0)
    value, slope = table(torch.zeros(3, 1))
    torch.testing.assert_close(value, torch.full((3, 1), float(len(scales))))
    torch.testing.assert_close(slope, torch.full((3, 1), -sum(1 / c for c in scales)))


def test_scales_in_units_of_the_prior():
    prior = GaussianMixture(components=4, dim=3, sigma=2.0)
    unit = float(prior.spread())
    table = IMQMMD([0.5, 2.0], base="prior").kernel(prior, 8).profile
    squared = squared_distances(-4, 4)
    exact = InverseMultiquadrics((0.5 * unit, 2.0 * unit))(squared.double())
    for found, wanted in zip(table(squared), exact, strict=True):
        torch.testing.assert_close(found.double(), wanted, rtol=2e-6, atol=0)


def test_within_a_cell_the_slope_is_the_value_s_and_cells_meet():
    table = IMQMMD().kernel(StandardNormal(2), 8).profile
    value, slope, bend = _polynomials(table.exact, table._low, table._high)
    edges = torch.arange(table._low, table._high + 1, dtype=torch.int32) << 13
    ends = edges.view(torch.float32).double()
    inner = ends[1:-1]  # seen from the cell before and from the cell after
    before, after = (
        value[cells] + inner * (slope[cells] + bend[cells] * inner / 2)
        for cells in (slice(None, -2), slice(1, -1))
    )
    torch.testing.assert_close(before, after, rtol=1e-8, atol=0)
    before, after = (
        slope[cells] + bend[cells] * inner for cells in (slice(None, -2), slice(1, -1))
    )
    torch.testing.assert_close(before, after, rtol=1e-10, atol=0)


def test_other_precisions_are_computed():
    table = IMQMMD().kernel(StandardNormal(2), 8).profile
    squared = squared_distances().double()
    for found, exact in zip(table(squared), table.exact(squared), strict=True):
        assert torch.equal(found, exact)


def test_what_is_far_is_gone_and_what_is_no_number_stays_none():
    table = IMQMMD().kernel(StandardNormal(2), 8).profile
    value, slope = table(torch.tensor([1e30, 1e13]))
    assert not value.any()
    assert not slope.any()
    for nothing in (math.nan, -math.nan):
        value, slope = table(torch.tensor([nothing, 1.0]))
        assert value.isnan().tolist() == slope.isnan().tolist() == [True, False]


@pytest.mark.parametrize("dim", [1, 10, 256])
@pytest.mark.parametrize("sigma", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("kernel", ["imq", "rbf"])
def test_round_components_are_embedded_by_distance(dim, sigma, kernel):
    """A table in single precision, against products of exponentials along axes in double."""
    variances = torch.full((2, dim), sigma**2, dtype=torch.float64)
    means = sigma * torch.randn(2, dim, generator=torch.manual_seed(0), dtype=torch.float64)
    if kernel == "imq":
        kernels = imq_as_gaussians(PAPER_SCALES, 1e6 * dim * sigma**2)
    else:
        kernels = GaussianKernels((0.5 / (dim * sigma**2), 4.0), (1.0, 2.0))
    exact = AlongAxes(kernels, means, variances, None, like=means)
    size = torch.logspace(-3, 3, 60, dtype=torch.float64)[:, None]
    z = (size * sigma * torch.randn(1, 60, dim, dtype=torch.float64)).float()
    found = AboutCentres(kernels, means, sigma**2, like=z)

    def value_and_gradient(embedding, z):
        z = z.clone().requires_grad_()
        value = embedding(z)
        return value.detach(), torch.autograd.grad(value.sum(), z)[0]

    values, gradient = value_and_gradient(found, z)
    wanted, slope = value_and_gradient(exact, z.double())
    torch.testing.assert_close(values.double(), wanted, rtol=2e-6, atol=1e-7 * float(wanted.max()))
    atol = 1e-6 * float(slope.abs().max())
    torch.testing.assert_close(gradient.double(), slope, rtol=1e-5, atol=atol)


def test_only_round_priors_of_one_size_are():
    kernels = imq_as_gaussians(PAPER_SCALES, 1e4)
    like = torch.zeros(1, 1, 2)
    for prior, kind in (
        (GaussianMixture(3, 2), AboutCentres),
        (StandardNormal(2), AboutCentres),
        (Rotated2D(components=3), AlongAxes),
        (GaussianMixture(3, 2, learn=True), AlongAxes),
    ):
        assert type(prior_embedding(kernels, prior, like)) is kind


def test_evaluate_is_differentiable():
    exact = InverseMultiquadrics(PAPER_SCALES)
    squared = torch.rand(3, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda s: evaluate(exact, s), squared)


def test_equal_tables_are_computed_once():
    _polynomials.cache_clear()
    for _ in range(3):
        Tabulated(InverseMultiquadrics((0.3, 4.0)), 1e-5, 1e5)(torch.ones(2))
    assert _polynomials.cache_info().misses == 1
