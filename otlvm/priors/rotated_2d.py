"""Rotated anisotropic Gaussians in the plane: the paper's prior in 2 dimensions (Sec. 3.1)."""

import math

import torch

from otlvm.priors.base import priors
from otlvm.priors.gaussian import GaussianPrior, Learn


@priors.register("rotated_2d")
class Rotated2D(GaussianPrior):
    r"""Copies of one Gaussian in the plane, rotated about the origin like spokes of a wheel.

    .. math:: p(z, k) = \tfrac1K N\bigl(z; R_k m, R_k S R_k^T\bigr), \qquad m = (r, 0), \quad
        S = \operatorname{diag}(\sigma_r^2, \sigma_t^2)

    with :math:`R_k` the rotation by :math:`2 \pi k / K`, r the radius, :math:`\sigma_r` and
    :math:`\sigma_t` the radial and tangential standard deviations. Source: Gaujac, Feige and
    Barber (2021), eq. 19. The defaults draw the spokes of its Fig. 3; the text's numbers are
    ``radial_std=0.1, tangential_std=0.5``.

    Args:
        components: K.
        radius: Distance of the means from the origin.
        radial_std: Standard deviation along the spoke.
        tangential_std: Standard deviation across the spoke.
        learn: What is trained along with the model; see `GaussianPrior`.

    Raises:
        ValueError: If an argument is not positive.
    """

    def __init__(
        self,
        components: int = 10,
        radius: float = 1.0,
        radial_std: float = 0.5,
        tangential_std: float = 0.1,
        learn: Learn = False,
    ) -> None:
        if min(components, radius, radial_std, tangential_std) <= 0:
            raise ValueError("components, radius and standard deviations must be positive")
        angles = 2 * math.pi * torch.arange(components, dtype=torch.float64) / components
        cos, sin = angles.cos(), angles.sin()
        rotations = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)
        stds = torch.tensor([radial_std, tangential_std], dtype=torch.float64)
        factors = rotations * stds
        scale_tril = torch.linalg.cholesky(factors @ factors.mT)
        dtype = torch.get_default_dtype()
        super().__init__((radius * rotations[:, :, 0]).to(dtype), scale_tril.to(dtype), learn=learn)
