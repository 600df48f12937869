"""MMD with Gaussian kernels, of given bandwidths or of the median distance."""

from collections.abc import Sequence
from itertools import chain
from typing import Literal

import torch

from otlvm.divergences.base import On, divergences
from otlvm.divergences.gaussian_kernels import GaussianKernels
from otlvm.divergences.mmd import Kernel, KernelMMD, PriorBy, Statistic
from otlvm.priors import Prior
from otlvm.seeding import seeded

MEDIAN_SAMPLES = 1000


@divergences.register("rbf_mmd")
class RBFMMD(KernelMMD):
    r"""Squared MMD with a sum of Gaussian (RBF) kernels.

    .. math:: k(z, z') = \sum_s \exp(-|z - z'|^2 / (2 s^2))

    Source: Gretton et al., *A kernel two-sample test* (2012), Sec. 8 for the median heuristic.

    Args:
        bandwidths: The values of s; or ``"median"``: one bandwidth, the median distance between
            1,000 draws of the prior. The posterior is left out of that median on purpose: a
            bandwidth that follows the encoder would let training change the yardstick.
        on: Compare the marginals of z, or the joint of z and k; see `KernelMMD`.
        prior: Expectations over the prior in closed form or by samples; ``"auto"`` is closed form
            where the prior is a Gaussian mixture.
        statistic: ``"u"``, unbiased, may be negative; ``"v"``, biased; or ``"cross"``, against
            earlier batches, which a batch cannot make small by itself; see `KernelMMD`.
        queue: How many earlier batches the cross statistic compares with.

    Raises:
        ValueError: If there are no bandwidths or one is not positive.
    """

    def __init__(
        self,
        bandwidths: Sequence[float] | Literal["median"] = "median",
        on: On = "marginal",
        prior: PriorBy = "auto",
        statistic: Statistic = "u",
        queue: int = 6,
    ) -> None:
        super().__init__(on, prior, statistic, queue)
        if bandwidths != "median" and (not bandwidths or min(bandwidths) <= 0):
            raise ValueError("bandwidths must be 'median' or a non-empty list of positive numbers")
        self.bandwidths = bandwidths if bandwidths == "median" else tuple(bandwidths)

    def check(self, prior: Prior) -> None:
        """Refuse a prior whose draws all coincide, if they give the bandwidth; see the base class.

        Raises:
            ValueError: If it is one.
        """
        super().check(prior)
        if self.bandwidths == "median" and not median_distance(prior):
            raise ValueError("the median distance of the prior's draws is 0: give bandwidths")

    def kernel(self, prior: Prior, n: int) -> Kernel:
        """Return the kernel; see `KernelMMD.kernel`."""
        bandwidths = self.bandwidths
        if bandwidths == "median":
            bandwidths = (median_distance(prior),)
        rates = tuple(0.5 / float(s) ** 2 for s in bandwidths)
        gaussians = GaussianKernels(rates, (1.0,) * len(rates))
        return Kernel(gaussians, gaussians)

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"bandwidths={self.bandwidths!r}, {super().extra_repr()}"


def median_distance(prior: Prior) -> float:
    """Median distance between 1,000 draws of a prior, always the same ones."""
    device = next(chain(prior.parameters(), prior.buffers()), torch.empty(0)).device
    with seeded(0, device), torch.no_grad():
        return float(torch.pdist(prior.sample(MEDIAN_SAMPLES)).median())
