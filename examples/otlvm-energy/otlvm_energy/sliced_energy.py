"""The sliced energy distance: that of one dimension, averaged over directions."""

import torch
from torch import Tensor

from otlvm.divergences import SampleDivergence


class SlicedEnergy(SampleDivergence):
    r"""Mean over random directions of the energy distance of the projections.

    On a line, with distribution functions F and G, it is twice Cramér's distance:

    .. math:: 2 E|X - Y| - E|X - X'| - E|Y - Y'| = 2 \int (F(t) - G(t))^2 dt

    so that sorting n + m points replaces their (n + m)^2 distances. On average over directions it
    is a constant times the energy distance of the clouds themselves. Source: Székely and Rizzo,
    *Energy statistics: a class of statistics based on distances* (2013).

    Args:
        projections: Directions, drawn anew for each batch.

    Raises:
        ValueError: If ``projections`` is not positive.
    """

    def __init__(self, projections: int = 50) -> None:
        super().__init__()
        if projections < 1:
            raise ValueError("projections must be positive")
        self.projections = projections

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        """The mean over directions; see `SampleDivergence`."""
        directions = torch.randn(x.shape[1], self.projections, dtype=x.dtype, device=x.device)
        directions = directions / directions.norm(dim=0)
        points, order = (torch.cat([x, y]) @ directions).sort(dim=0)
        difference = torch.cat([a, -b])[order].cumsum(0)[:-1]  # F - G between neighbours
        integrals: Tensor = (difference.square() * points.diff(dim=0)).sum(0)
        return 2 * integrals.mean()

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"projections={self.projections}"
