"""The likely components exactly, and one sample that stands for the rest."""

import torch
from torch import Tensor

from otlvm.expectations.base import Expectation, expectations
from otlvm.latents import MixturePosterior


@expectations.register("sum_and_sample")
class SumAndSample(Expectation):
    r"""The most likely components of each data point exactly, plus one sample of the rest.

    .. math:: \sum_{k \in top} \pi_k f_k + \frac{\pi_j}{r_j} f_j, \qquad j \sim r \propto \pi_{rest}

    Unbiased, in value and in gradient: r is a constant for the gradient, and the mean of f over the
    top serves as baseline. Dropping the rest instead would be as fast and would kill components.
    Source: Liu et al., *Rao-Blackwellized stochastic
    gradients for discrete distributions* (2019), eq. 6.

    Args:
        likely: How many components are taken exactly; c = likely + 1 codes are decoded.

    Raises:
        ValueError: If ``likely`` is negative.
    """

    def __init__(self, likely: int = 2) -> None:
        super().__init__()
        if likely < 0:
            raise ValueError("likely must not be negative")
        self.likely = likely

    def forward(self, posterior: MixturePosterior) -> tuple[Tensor, Tensor]:
        """Choose ``likely + 1`` codes of each data point; see `Expectation`."""
        codes, pi = posterior.codes, posterior.code_weights
        if self.likely + 1 >= pi.shape[1]:  # nothing is saved
            return codes, pi
        with torch.no_grad():
            top = pi.topk(self.likely, dim=1).indices
            # The floor keeps r a distribution where all mass is on top; it stays unbiased.
            rest = pi.clamp_min(torch.finfo(pi.dtype).tiny).scatter(1, top, 0.0)
            rest = rest / rest.sum(1, keepdim=True)
            sampled = torch.multinomial(rest, 1)
        chosen = torch.cat([top, sampled], dim=1)
        weights = pi.gather(1, chosen)
        ones = torch.ones_like(top, dtype=pi.dtype)
        weights = weights / torch.cat([ones, rest.gather(1, sampled)], dim=1)
        if self.likely:
            weights = self._with_baseline(weights)
        index = chosen.unsqueeze(2).expand(-1, -1, codes.shape[2])
        return codes.gather(1, index), weights

    def _with_baseline(self, weights: Tensor) -> Tensor:
        """Leave the weights' values, and give their gradient a control variate.

        The weights sum to 1, but the gradient of their sum is 0 only on average, and multiplies
        all of f. Taking it back through the exact terms amounts to subtracting their mean from f,
        a baseline that does not depend on the sample: still unbiased, with far less variance.
        """
        drift = weights.sum(1, keepdim=True)
        exact = weights[:, : self.likely]
        share = (exact / exact.sum(1, keepdim=True)).detach()
        corrected = exact - share * (drift - drift.detach())
        return torch.cat([corrected, weights[:, self.likely :]], dim=1)

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"likely={self.likely}"
