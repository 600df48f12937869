"""MMD with Gaussian kernels, of given bandwidths or of the median distance."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from otlvm.divergences.base import divergences
from otlvm.divergences.kernel_sum import Profile
from otlvm.divergences.mmd import KernelMMD
from otlvm.priors import Prior

MEDIAN_SAMPLES = 500


@divergences.register("rbf_mmd")
class RBFMMD(KernelMMD):
    r"""Squared MMD with the kernel :math:`\sum_s \exp(-|z - z'|^2 / (2 s^2))`.

    Source: Gretton et al., *A kernel two-sample test* (2012), Sec. 8 for the median heuristic.

    Args:
        bandwidths: The values of s; or ``"median"``: one bandwidth, the median distance between
            500 draws of the prior. The posterior is left out of that median on purpose: a
            bandwidth that follows the encoder would let training change the yardstick.

    Raises:
        ValueError: If there are no bandwidths or one is not positive.
    """

    def __init__(self, bandwidths: Sequence[float] | Literal["median"] = "median") -> None:
        super().__init__()
        if bandwidths != "median" and (not bandwidths or min(bandwidths) <= 0):
            raise ValueError("bandwidths must be 'median' or a non-empty list of positive numbers")
        self.bandwidths = bandwidths if bandwidths == "median" else tuple(bandwidths)

    def profile(self, prior: Prior) -> Profile:
        """The kernel and its derivative; see `KernelMMD.profile`."""
        if self.bandwidths == "median":
            exponents = [-0.5 / torch.pdist(prior.sample(MEDIAN_SAMPLES)).median().square()]
        else:
            exponents = [torch.tensor(-0.5 / s**2) for s in self.bandwidths]

        def kernel(squared: Tensor) -> tuple[Tensor, Tensor]:
            values, slopes = torch.zeros_like(squared), torch.zeros_like(squared)
            for exponent in exponents:
                term = torch.exp(squared * exponent)
                values += term
                slopes += term.mul_(exponent)
            return values, slopes

        return kernel

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"bandwidths={self.bandwidths!r}"
