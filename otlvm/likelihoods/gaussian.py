"""The Gaussian likelihood: real numbers of any size."""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from otlvm.likelihoods.base import Likelihood, likelihoods

FLOOR = 1e-3
"""Below it no learned sigma goes: where a feature hardly varies, the density has no upper bound."""


@likelihoods.register("gaussian")
class Gaussian(Likelihood):
    r"""Real numbers: the decoder says the mean itself, sigma is one number or one a feature.

    .. math:: -\log p(x|z) = \sum_j \frac{(x_j - g(z)_j)^2}{2 \sigma_j^2} + \log \sigma_j
        + \tfrac{1}{2} \log 2 \pi

    Args:
        features: D, filled in by the library.
        sigma: The standard deviation, in units of the data after their ``scale:``; where it is
            learned, the value that it starts from.
        learn: ``none`` keeps sigma as it is, ``one`` learns a number for all features, ``each`` a
            number for each; none of them goes below 1e-3.

    Raises:
        ValueError: If ``sigma`` is not positive, or learned and not above 1e-3.
    """

    def __init__(
        self, features: int, sigma: float = 1.0, learn: Literal["none", "one", "each"] = "none"
    ) -> None:
        super().__init__(features)
        self.learn = learn
        least = 0.0 if learn == "none" else FLOOR
        if not least < sigma < math.inf:
            raise ValueError(f"sigma must be a number above {least:g}")
        self._least = least
        raw = torch.full((features if learn == "each" else 1,), math.log(sigma - least))
        self.log_excess: Tensor  # of sigma over its least
        if learn == "none":
            self.register_buffer("log_excess", raw, persistent=False)
        else:
            self.log_excess = nn.Parameter(raw)

    @property
    def sigma(self) -> Tensor:
        """The standard deviations, with shape ``[1]`` or ``[D]``."""
        return self._least + self.log_excess.exp()

    def mean(self, logits: Tensor) -> Tensor:
        """Return the decoder's outputs as they are; see `Likelihood.mean`."""
        return logits

    def nll(self, logits: Tensor, x: Tensor) -> Tensor:
        """Return half the squared error in units of sigma, and its constant; see the base class."""
        sigma = self.sigma
        squares = ((x - logits) / sigma).square().sum(-1) / 2
        constant = sigma.log().expand(self.features).sum() + self.features * math.log(math.tau) / 2
        return squares + constant

    def extra_repr(self) -> str:
        """Show how sigma is found in ``repr``."""
        return f"sigma={self.sigma.mean():.4g}, learn={self.learn}"
