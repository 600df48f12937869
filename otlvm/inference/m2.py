"""Inference whose decoder is told k: that of M2."""

from typing import TYPE_CHECKING

from torch import Tensor

from otlvm.inference.base import MakeNetwork, inferences
from otlvm.inference.mirror import Mirror
from otlvm.inference.told import codes_of_all, with_component
from otlvm.latents import Draw, MixturePosterior, reparameterised
from otlvm.priors import Prior

if TYPE_CHECKING:
    from otlvm.networks.base import Network


@inferences.register("m2")
class M2(Mirror):
    r"""As `Mirror`, and the decoder is given k beside z.

    .. math:: q(z, k | x) = q(k | x) \, N\bigl(z; \mu_k(x), \operatorname{diag} \sigma_k(x)^2\bigr),
        \qquad x \approx g(z, e_k)

    with :math:`e_k` the k-th unit vector, appended to z. Source: Kingma, Rezende, Mohamed and
    Welling, *Semi-supervised learning with deep generative models* (2014), eqs. 2 and 4. Without
    labels, and with a prior of z that is the same for each k, nothing asks that k says anything.
    """

    def network(self, make: MakeNetwork, n_components: int, dim: int) -> "Network":
        """Build a decoder of z and k; see `Inference.network`."""
        network = make(n_components=n_components, dim=dim + n_components)
        network.components = make(n_components=n_components, dim=dim).components
        return network

    def posterior(
        self, network: "Network", prior: Prior, x: Tensor, draw: Draw = reparameterised
    ) -> MixturePosterior:
        """Ask the network for all of it; see `Inference.posterior`."""
        found = super().posterior(network, prior, x, draw)
        return MixturePosterior(found.logits, found.mean, found.std, found.z, codes_of_all(found.z))

    def codes(self, prior: Prior, z: Tensor, k: Tensor) -> Tensor:
        """Append the one-hot k to z, ``[..., d + K]``; see `Inference.codes`."""
        return with_component(z, k, prior.n_components)
