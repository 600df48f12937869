"""MMD with a sum of inverse multiquadratic kernels: the paper's divergence."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from otlvm.divergences.base import divergences
from otlvm.divergences.kernel_sum import Profile
from otlvm.divergences.mmd import KernelMMD
from otlvm.priors import Prior

PAPER_SCALES = tuple(digit * 10.0**power for power in range(-2, 3) for digit in (1, 2, 5))


@divergences.register("imq_mmd")
class IMQMMD(KernelMMD):
    r"""Squared MMD with the kernel :math:`\sum_C C / (C + |z - z'|^2)`.

    Sources: Tolstikhin et al., *Wasserstein auto-encoders* (2018), Sec. 4; Gaujac, Feige and
    Barber (2021), Sec. 2.2, for the scales.

    Args:
        scales: The values of C.
        base: Unit of the scales: ``"absolute"`` (the paper's text), or ``"prior"``, the expected
            squared distance of two draws of the prior (as in the paper's code).

    Raises:
        ValueError: If there are no scales or one is not positive.
    """

    def __init__(
        self,
        scales: Sequence[float] = PAPER_SCALES,
        base: Literal["absolute", "prior"] = "absolute",
    ) -> None:
        super().__init__()
        if not scales or min(scales) <= 0:
            raise ValueError("scales must be a non-empty list of positive numbers")
        self.scales = tuple(scales)
        self.base = base

    def profile(self, prior: Prior) -> Profile:
        """The kernel and its derivative; see `KernelMMD.profile`."""
        unit = float(prior.spread()) if self.base == "prior" else 1.0
        scales = [unit * scale for scale in self.scales]

        def kernel(squared: Tensor) -> tuple[Tensor, Tensor]:
            values, slopes = torch.zeros_like(squared), torch.zeros_like(squared)
            inverse = torch.empty_like(squared)
            for scale in scales:
                torch.add(squared, scale, out=inverse).reciprocal_()
                values.add_(inverse, alpha=scale)
                slopes.addcmul_(inverse, inverse, value=-scale)
            return values, slopes

        return kernel

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"scales={self.scales}, base={self.base!r}"
