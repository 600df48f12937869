"""Sliced Wasserstein distances, by POT: the mean, or the largest, over random directions."""

import torch
from torch import Tensor

from otlvm.divergences.base import SampleDivergence, divergences, near_origin


class _Sliced(SampleDivergence):
    def __init__(self, projections: int = 50) -> None:
        super().__init__()
        if projections < 1:
            raise ValueError("projections must be positive")
        self.projections = projections

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"projections={self.projections}"


@divergences.register("sliced_wasserstein")
class SlicedWasserstein(_Sliced):
    r"""The squared sliced 2-Wasserstein distance: the mean of W_2^2 over random directions.

    .. math:: \frac1L \sum_{l=1}^L W_2^2\bigl(\langle \theta_l, x \rangle,
        \langle \theta_l, y \rangle\bigr)

    with the clouds projected on directions :math:`\theta_l`, uniform on the sphere. Sources:
    Bonneel et al., *Sliced and Radon Wasserstein barycenters of measures* (2015); Kolouri et al.,
    *Sliced-Wasserstein autoencoder* (2018).

    Args:
        projections: Directions, drawn anew for each batch.

    Raises:
        ValueError: If ``projections`` is not positive.
    """

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        """The mean over directions; see `SampleDivergence`."""
        return projected_distances(x, a, y, b, self.projections).mean()


@divergences.register("max_sliced")
class MaxSliced(_Sliced):
    r"""The squared max-sliced 2-Wasserstein distance: the largest W_2^2 over random directions.

    .. math:: \max_{l \le L} W_2^2\bigl(\langle \theta_l, x \rangle,
        \langle \theta_l, y \rangle\bigr)

    Source: Deshpande et al., *Max-sliced Wasserstein distance and its use for GANs* (2019); over
    random directions, as in POT, not over all.

    Args:
        projections: Directions, drawn anew for each batch.

    Raises:
        ValueError: If ``projections`` is not positive.
    """

    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        """The maximum over directions; see `SampleDivergence`."""
        return projected_distances(x, a, y, b, self.projections).max()


def projected_distances(x: Tensor, a: Tensor, y: Tensor, b: Tensor, projections: int) -> Tensor:
    """W_2^2 of the clouds along random directions, with shape ``[projections]``."""
    import ot  # takes seconds, and only this needs it

    x, y = near_origin(x, y)
    directions = torch.randn(x.shape[1], projections, dtype=x.dtype, device=x.device)
    directions = directions / directions.norm(dim=0)
    distances: Tensor = ot.wasserstein_1d(x @ directions, y @ directions, a, b, p=2)
    return distances
