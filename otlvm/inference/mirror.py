"""Inference that mirrors the generative model: the paper's."""

from typing import TYPE_CHECKING

from torch import Tensor

from otlvm.inference.base import Inference, MakeNetwork, inferences
from otlvm.inputs import check_encoding
from otlvm.latents import Draw, MixturePosterior, reparameterised
from otlvm.priors import Prior

if TYPE_CHECKING:
    from otlvm.networks.base import Network


@inferences.register("mirror")
class Mirror(Inference):
    r"""A classifier for k, and a net of its own for the z of each k.

    .. math:: q(z, k | x) = q(k | x) \, N\bigl(z; \mu_k(x), \operatorname{diag} \sigma_k(x)^2\bigr)

    The decoder is given z. Source: Gaujac, Feige and Barber (2021), eq. 18.
    """

    def network(self, make: MakeNetwork, n_components: int, dim: int) -> "Network":
        """Build the spec's network as it is; see `Inference.network`."""
        return make(n_components=n_components, dim=dim)

    def posterior(
        self, network: "Network", prior: Prior, x: Tensor, draw: Draw = reparameterised
    ) -> MixturePosterior:
        """Ask the network for all of it; see `Inference.posterior`."""
        logits, mean, std = network.encode(x)
        check_encoding(logits, mean, std, len(x), (prior.n_components, prior.dim))
        return MixturePosterior(logits, mean, std, draw(mean, std))
