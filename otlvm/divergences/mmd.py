"""The squared maximum mean discrepancy (MMD) of a weighted mixture posterior and a prior."""

from abc import abstractmethod

from torch import Tensor

from otlvm.divergences.base import Divergence
from otlvm.divergences.kernel_sum import Profile, kernel_self_sum, kernel_sum
from otlvm.latents import MixturePosterior
from otlvm.priors import Prior


class KernelMMD(Divergence):
    r"""The U-statistic of the squared MMD with a radial kernel.

    .. math:: \frac{1}{n(n-1)} \sum_{i \ne j} \sum_{kl} \pi_{ik} \pi_{jl} k(z_{ik}, z_{jl})
        + \frac{1}{n(n-1) K^2} \sum_{i \ne j} \sum_{kl} k(y_{ik}, y_{jl})
        - \frac{2}{n^2 K} \sum_{ij} \sum_{kl} \pi_{ik} k(z_{ik}, y_{jl})

    Sources: Gretton et al., *A kernel two-sample test* (2012), eq. 3; Gaujac, Feige and Barber
    (2021), eq. 13. The K samples of one data point depend on each other, so the first sum leaves
    out all K x K pairs of the same point. The prior is seen through n samples of every component,
    treated alike. The estimate is unbiased over independent data points, therefore near 0 and as
    often negative as positive when q = p.
    """

    @abstractmethod
    def profile(self, prior: Prior) -> Profile:
        """The kernel as a function of the squared distance, together with its derivative.

        Args:
            prior: The prior, for bandwidths that depend on it. Asked once a batch.
        """

    def forward(self, posterior: MixturePosterior, prior: Prior) -> Tensor:
        """Estimate MMD^2(q(z), p(z)), a scalar that may be negative.

        Raises:
            ValueError: If the batch has one data point only.
        """
        n = len(posterior.pi)
        if n < 2:
            raise ValueError("the U-statistic needs at least 2 data points")
        x, a = posterior.cloud()
        y = prior.sample_components(n).flatten(0, 1).to(x.dtype)
        b = y.new_full((len(y),), 1 / len(y))
        groups = (posterior.pi.shape[1], prior.n_components)
        return u_statistic(self.profile(prior), x, a, y, b, groups)


def u_statistic(
    profile: Profile, x: Tensor, a: Tensor, y: Tensor, b: Tensor, groups: tuple[int, int]
) -> Tensor:
    """Unbiased MMD^2 of two weighted clouds, each made of groups of dependent points.

    Args:
        profile: The kernel.
        x: Points, with shape ``[n, d]``; neighbouring rows form a group.
        a: Their weights, with shape ``[n]``; each group's sum to one over the number of groups.
        y: Points, with shape ``[m, d]``.
        b: Their weights, with shape ``[m]``.
        groups: How many points of x, and of y, form a group; 1 for independent points.
    """
    n, m = len(x) // groups[0], len(y) // groups[1]
    within = n / (n - 1) * kernel_self_sum(profile, x, a, groups[0])
    within = within + m / (m - 1) * kernel_self_sum(profile, y, b, groups[1])
    return within - 2 * kernel_sum(profile, x, a, y, b)
