"""The interface of inference: how a network and a prior make q(z, k | x), and what is decoded."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

from torch import Tensor

from otlvm.latents import Draw, MixturePosterior, reparameterised
from otlvm.priors import Prior
from otlvm.registry import Registry

if TYPE_CHECKING:  # networks build models, which build inferences
    from otlvm.networks.base import Network


class MakeNetwork(Protocol):
    """Builds the network of a spec, with sizes that an inference chooses."""

    def __call__(self, n_components: int, dim: int) -> "Network":
        """Build it: a classifier of K, component nets of (K, d), a decoder of d."""


class Inference(ABC):
    """What q(z, k | x) is made of.

    It has no parameters: those are the network's and the prior's.
    """

    def check(self, prior: Prior) -> None:  # noqa: B027 (few refuse)
        """Refuse a prior with which it cannot be computed, before anything is trained.

        Raises:
            TypeError: If the prior is of the wrong kind; the message says which would do.
        """

    @abstractmethod
    def network(self, make: MakeNetwork, n_components: int, dim: int) -> "Network":
        """Build the network that `posterior` needs.

        Args:
            make: Builds the model's network in any size. A part that is not needed is dropped; a
                part may be that of a network of another size.
            n_components: K.
            dim: d, the dimension of z.
        """

    @abstractmethod
    def posterior(
        self, network: "Network", prior: Prior, x: Tensor, draw: Draw = reparameterised
    ) -> MixturePosterior:
        """Infer q(z, k | x) of images.

        Args:
            network: What `network` built.
            prior: The prior.
            x: Images, with shape ``[n, D]``.
            draw: How z comes from its Gaussian. By its mean, all else is the same every time too.
        """

    def codes(self, prior: Prior, z: Tensor, k: Tensor) -> Tensor:
        """Turn pairs (z, k) into what the decoder is given: z, unless a subclass says otherwise.

        Args:
            prior: The prior.
            z: Codes, with shape ``[..., d]``.
            k: Their components, with shape ``[...]``.

        Returns:
            A tensor with shape ``[..., c]``.
        """
        return z

    def target_moments(self, prior: Prior) -> tuple[Tensor, Tensor]:
        """Return the moments that the component nets have on average where q is the prior.

        Returns:
            Means ``[P, d]`` and covariances ``[P, d, d]``, with P the number of Gaussians that the
            component nets give: those of the prior's components, unless a subclass has others.
        """
        return prior.moments()


inferences: Registry[Inference] = Registry("inference", Inference)
