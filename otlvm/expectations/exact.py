"""The exact expectation: decode all components."""

from torch import Tensor

from otlvm.expectations.base import Expectation, expectations
from otlvm.latents import MixturePosterior


@expectations.register("exact")
class Exact(Expectation):
    r"""All K components, weighted by q(k|x): the paper's choice.

    .. math:: \sum_{k=1}^K \pi_k f(z_k)

    Source: Gaujac, Feige and Barber (2021), Sec. 2.2.
    """

    def forward(self, posterior: MixturePosterior) -> tuple[Tensor, Tensor]:
        """Return all codes ``[n, K, c]`` and q(k|x); see `Expectation`."""
        return posterior.codes, posterior.code_weights


EXACT = Exact()  # it has no state, so that all objectives may share it
