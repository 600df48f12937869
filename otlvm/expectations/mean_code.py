"""The mean code: one decoding, of q(k|x) itself where the decoder is given k."""

from torch import Tensor

from otlvm.expectations.base import Expectation, expectations
from otlvm.latents import MixturePosterior


@expectations.register("mean_code")
class MeanCode(Expectation):
    r"""One code per data point, the mean of all K.

    .. math:: f\Bigl(\sum_k \pi_k z_k\Bigr)

    With the inference ``independent`` this is f(z, q(k|x)): the decoder is given the softmax, as
    the adversarial autoencoder's. It says little elsewhere: between two codes there may be none.
    Biased, the less so the surer q(k|x) is. Source: Makhzani et al., *Adversarial autoencoders*
    (2016), Sec. 6.
    """

    def forward(self, posterior: MixturePosterior) -> tuple[Tensor, Tensor]:
        """Return one code ``[n, 1, c]`` of weight 1; see `Expectation`."""
        codes, weights = posterior.codes, posterior.code_weights
        mean = (weights.unsqueeze(2) * codes).sum(1, keepdim=True)
        return mean, weights.new_ones(len(weights), 1)
