"""MMD with a sum of inverse multiquadratic kernels: the paper's divergence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from otlvm.divergences.base import On, divergences
from otlvm.divergences.gaussian_kernels import imq_as_gaussians
from otlvm.divergences.mmd import Kernel, KernelMMD, PriorBy, Statistic
from otlvm.divergences.tabulated import Tabulated, rescaled
from otlvm.priors import Prior

REACH = 1e6  # the closed form is exact up to 1,000 times the typical distance of two draws
PAPER_SCALES = tuple(digit * 10.0**power for power in range(-2, 3) for digit in (1, 2, 5))


@divergences.register("imq_mmd")
class IMQMMD(KernelMMD):
    r"""Squared MMD with a sum of inverse multiquadratic (IMQ) kernels.

    .. math:: k(z, z') = \sum_C C / (C + |z - z'|^2)

    Sources: Tolstikhin et al., *Wasserstein auto-encoders* (2018), Sec. 4; Gaujac, Feige and
    Barber (2021), Sec. 2.2, for the scales.

    Args:
        scales: The values of C.
        base: Unit of the scales: ``"absolute"`` (the paper's text), or ``"prior"``, the expected
            squared distance of two draws of the prior (the paper's code has a base of its own: 2 d
            times a variance).
        on: Compare the marginals of z, or the joint of z and k; see `KernelMMD`.
        prior: Expectations over the prior in closed form or by samples; ``"auto"`` is closed form
            where the prior is a Gaussian mixture.
        statistic: ``"u"``, unbiased, may be negative; ``"v"``, biased; or ``"cross"``, against
            earlier batches, which a batch cannot make small by itself; see `KernelMMD`.
        queue: How many earlier batches the cross statistic compares with.

    Raises:
        ValueError: If there are no scales or one is not positive.
    """

    def __init__(
        self,
        scales: Sequence[float] = PAPER_SCALES,
        base: Literal["absolute", "prior"] = "absolute",
        on: On = "marginal",
        prior: PriorBy = "auto",
        statistic: Statistic = "u",
        queue: int = 6,
    ) -> None:
        super().__init__(on, prior, statistic, queue)
        if not scales or min(scales) <= 0:
            raise ValueError("scales must be a non-empty list of positive numbers")
        self.scales = tuple(scales)
        self.base = base
        exact = InverseMultiquadrics(self.scales)
        self._profile = Tabulated(exact, 1e-4 * min(scales), 1e10 * max(scales))

    def kernel(self, prior: Prior, n: int) -> Kernel:
        """Return the kernel; see `KernelMMD.kernel`."""
        spread = float(prior.spread())
        unit = spread if self.base == "prior" else 1.0
        gaussians = imq_as_gaussians([c * unit for c in self.scales], REACH * spread)
        return Kernel(rescaled(self._profile, unit), gaussians)

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"scales={self.scales}, base={self.base!r}, {super().extra_repr()}"


@dataclass(frozen=True)
class InverseMultiquadrics:
    r"""The kernel :math:`\sum_C C / (C + s)` as a function of the squared distance s.

    Attributes:
        scales: The values of C.
    """

    scales: tuple[float, ...]

    def __call__(self, squared: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate it, and its derivative, term by term."""
        values, slopes = torch.zeros_like(squared), torch.zeros_like(squared)
        inverse = torch.empty_like(squared)
        for scale in self.scales:
            torch.add(squared, scale, out=inverse).reciprocal_()
            values.add_(inverse, alpha=scale)
            slopes.addcmul_(inverse, inverse, value=-scale)
        return values, slopes
