"""The energy distance."""

import torch
from torch import Tensor

from otlvm.divergences.base import On, SampleDivergence, divergences


@divergences.register("energy")
class Energy(SampleDivergence):
    r"""The energy distance: an MMD with the kernel -|x - y|, free of bandwidths.

    .. math:: 2 E|x - y| - E|x - x'| - E|y - y'|

    as a V-statistic, never negative. Sources: Székely and Rizzo, *Energy statistics* (2013);
    Sejdinovic et al. (2013) for the kernel.

    Args:
        on: Compare the marginals of z, or the joints of z and k.
        penalty: What changing the component costs, if joint; see `SampleDivergence`.
    """

    def __init__(self, on: On = "marginal", penalty: float = 1.0) -> None:
        super().__init__()
        self.on = on
        self.penalty = penalty

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        """The energy distance of two weighted clouds; see `SampleDivergence`."""
        within = _mean_distance(x, a, x, a) + _mean_distance(y, b, y, b)
        return 2 * _mean_distance(x, a, y, b) - within

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"on={self.on!r}, penalty={self.penalty}"


def _mean_distance(x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
    # Squares by differences, not by a product: a point's distance to itself must be exactly 0.
    mode = "donot_use_mm_for_euclid_dist"
    return a @ torch.cdist(x, y, compute_mode=mode) @ b
