"""Inference of k and z independently, both of which are decoded: the adversarial autoencoder's."""

from typing import TYPE_CHECKING

from torch import Tensor

from otlvm.inference.base import MakeNetwork, inferences
from otlvm.inference.one_gaussian import OneGaussian
from otlvm.inference.told import codes_of_all, with_component
from otlvm.latents import Draw, MixturePosterior, reparameterised
from otlvm.priors import Prior

if TYPE_CHECKING:
    from otlvm.networks.base import Network


@inferences.register("independent")
class Independent(OneGaussian):
    r"""A classifier for k, one Gaussian for z, and a decoder of both.

    .. math:: q(z, k | x) = q(k | x) \, N\bigl(z; \mu(x), \operatorname{diag} \sigma(x)^2\bigr),
        \qquad x \approx g(z, e_k)

    with :math:`e_k` the k-th unit vector, appended to z. So k need not show in z, and a prior may
    be the same for every k. Source: Makhzani et al., *Adversarial autoencoders* (2016), Sec. 6.
    """

    def network(self, make: MakeNetwork, n_components: int, dim: int) -> "Network":
        """Build a decoder of z and k, and one component net; see `Inference.network`."""
        network = make(n_components=n_components, dim=dim + n_components)
        network.components = make(n_components=1, dim=dim).components
        return network

    def posterior(
        self, network: "Network", prior: Prior, x: Tensor, draw: Draw = reparameterised
    ) -> MixturePosterior:
        """Ask the network for both parts; see `Inference.posterior`."""
        mean, std = self.gaussian(network, x)
        z, logits = draw(mean, std), network.classify(x)
        codes = codes_of_all(z.expand(-1, prior.n_components, -1))
        return MixturePosterior(logits, mean, std, z, codes)

    def codes(self, prior: Prior, z: Tensor, k: Tensor) -> Tensor:
        """Append the one-hot k to z, ``[..., d + K]``; see `Inference.codes`."""
        return with_component(z, k, prior.n_components)
