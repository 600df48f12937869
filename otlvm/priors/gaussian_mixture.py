"""Equidistant spherical Gaussians: the paper's prior in 10 dimensions (Sec. 3.2)."""

import torch
from torch import Tensor

from otlvm.priors.base import GaussianPrior, priors


@priors.register("gaussian_mixture")
class GaussianMixture(GaussianPrior):
    r"""Spherical Gaussians whose means are the vertices of a regular simplex.

    .. math:: p(z, k) = \tfrac1K N(z; \mu_k, \sigma^2 I), \qquad
        |\mu_k - \mu_l| = \delta \sigma \quad (k \neq l)

    with the distance :math:`\delta`. Source: Gaujac, Feige and Barber (2021), eq. 17 and Sec. 3.2.
    The default distance is the text's "about 5 % overlap"; the paper's code uses 6.

    Args:
        components: K, at most ``dim + 1``.
        dim: d, the dimension of z.
        distance: Distance between any two means, in units of ``sigma``.
        sigma: Standard deviation of every component.

    Raises:
        ValueError: If K > d + 1 (no regular simplex fits) or an argument is not positive.
    """

    def __init__(
        self, components: int = 10, dim: int = 10, distance: float = 4.0, sigma: float = 1.0
    ) -> None:
        if components < 1 or dim < 1 or distance <= 0 or sigma <= 0:
            raise ValueError("components, dim, distance and sigma must be positive")
        if components > dim + 1:
            raise ValueError(
                f"{components} equidistant means do not fit in {dim} dimensions: "
                f"use components <= dim + 1 = {dim + 1}, or dim >= {components - 1}"
            )
        means = regular_simplex(components, dim) * (distance * sigma)
        super().__init__(means, (sigma * torch.eye(dim)).expand(components, dim, dim).clone())


def regular_simplex(vertices: int, dim: int) -> Tensor:
    """Return equidistant points around the origin, at distance 1 from each other.

    The coordinates are the columns of Helmert's matrix: those of the standard basis, which is
    equidistant, in an orthonormal basis of the hyperplane through it.

    Returns:
        Points with shape ``[vertices, dim]``; coordinates past ``vertices - 1`` are zero.
    """
    points = torch.zeros(vertices, dim, dtype=torch.float64)
    for i in range(1, vertices):
        length = (i * (i + 1)) ** 0.5
        points[:i, i - 1] = 1 / length
        points[i, i - 1] = -i / length
    return (points / 2**0.5).to(torch.get_default_dtype())
