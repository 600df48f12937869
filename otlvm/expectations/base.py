"""How the decoder's expectation over q(k|x) is taken."""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from otlvm.latents import MixturePosterior
from otlvm.registry import Registry


class Expectation(nn.Module, ABC):
    """A way to estimate E_q(k|x) f(c_k) by decoding some codes of each data point.

    The code c_k is the posterior's `MixturePosterior.codes` of k: z_k, or what else the inference
    decodes. Where all k share one code there is nothing to estimate, and it is handed on as it is.
    Decoding is what costs, so only the decoder uses it: a divergence always sees all K components.
    """

    @abstractmethod
    def forward(self, posterior: MixturePosterior) -> tuple[Tensor, Tensor]:
        """Choose what to decode.

        Returns:
            Codes ``[n, m, c]`` and weights ``[n, m]``: the weighted sum of f over the m codes of a
            data point estimates the expectation, and its gradient that of the expectation.
        """


expectations: Registry[Expectation] = Registry("expectation", Expectation)
