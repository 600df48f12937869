"""Spherical Gaussians far apart: the paper's prior in 10 dimensions (Sec. 3.2)."""

import math

import torch
from torch import Tensor
from torch.nn.functional import normalize

from otlvm.priors.base import priors
from otlvm.priors.gaussian import GaussianPrior, Learn


@priors.register("gaussian_mixture")
class GaussianMixture(GaussianPrior):
    r"""Spherical Gaussians whose means are the vertices of a regular simplex, if one fits.

    .. math:: p(z, k) = \tfrac1K N(z; \mu_k, \sigma^2 I), \qquad
        |\mu_k - \mu_l| = \delta \sigma \quad (k \neq l)

    with the distance :math:`\delta`. More than d + 1 points cannot be equidistant: the means then
    lie far apart on a sphere, and :math:`\delta` is the smallest distance. Source: Gaujac, Feige
    and Barber (2021), eq. 17 and Sec. 3.2.
    The default distance is the text's "about 5 % overlap"; the paper's code uses 6.

    Args:
        components: K.
        dim: d, the dimension of z.
        distance: Smallest distance between two means, in units of ``sigma``.
        sigma: Standard deviation of every component.
        learn: What is trained along with the model; see `GaussianPrior`.

    Raises:
        ValueError: If an argument is not positive.
    """

    def __init__(
        self,
        components: int = 10,
        dim: int = 10,
        distance: float = 4.0,
        sigma: float = 1.0,
        learn: Learn = False,
    ) -> None:
        if components < 1 or dim < 1 or distance <= 0 or sigma <= 0:
            raise ValueError("components, dim, distance and sigma must be positive")
        place = regular_simplex if components <= dim + 1 else far_apart
        means = place(components, dim) * (distance * sigma)
        scale_tril = (sigma * torch.eye(dim)).expand(components, dim, dim).clone()
        super().__init__(means, scale_tril, learn=learn)
        if components > dim + 1:
            distances = torch.pdist(means) / sigma
            self.note = (
                f"the {components} means are not equidistant in {dim} dimensions: "
                f"{float(distances.min()):.3g} to {float(distances.max()):.3g} sigma apart"
            )


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


def far_apart(points: int, dim: int, steps: int = 500) -> Tensor:
    """Return points on a sphere around the origin, far from each other, always the same ones.

    They repel each other: the energy is a softened maximum of the inverse distances. On a line
    they are evenly spaced, in the plane on a circle.

    Returns:
        Points with shape ``[points, dim]``, the nearest two at distance 1.
    """
    if dim == 1:
        line = torch.arange(points, dtype=torch.float64) - (points - 1) / 2
        return line.unsqueeze(1).to(torch.get_default_dtype())
    if dim == 2:
        angles = 2 * math.pi * torch.arange(points, dtype=torch.float64) / points
        places = torch.stack([angles.cos(), angles.sin()], dim=1)
    else:
        generator = torch.Generator().manual_seed(0)
        start = torch.randn(points, dim, dtype=torch.float64, generator=generator)
        places = _repelled(start, steps)
    return (places / torch.pdist(places).min()).to(torch.get_default_dtype())


def _repelled(start: Tensor, steps: int) -> Tensor:
    with torch.enable_grad():
        free = start.clone().requires_grad_()
        optimizer = torch.optim.Adam([free], lr=0.02)
        for step in range(steps):
            sharpness = 2 + 20 * step / steps  # near the end only the nearest pairs count
            energy = torch.logsumexp(-sharpness * torch.pdist(normalize(free)).log(), 0)
            optimizer.zero_grad()
            torch.autograd.backward(energy)
            optimizer.step()
    return normalize(free.detach())
