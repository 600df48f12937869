"""What inferences have in common whose z does not depend on k."""

from typing import TYPE_CHECKING

from torch import Tensor

from otlvm.inference.base import Inference
from otlvm.priors import Prior

if TYPE_CHECKING:
    from otlvm.networks.base import Network


class OneGaussian(Inference):
    """One net gives one Gaussian q(z|x), whatever k."""

    def gaussian(self, network: "Network", x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of q(z|x), both ``[n, 1, d]``.

        Raises:
            ValueError: If the network has a net for each of several components.
        """
        mean, std = network.components(x)
        if mean.dim() != 3 or mean.shape[1] != 1:
            raise ValueError(
                f"one Gaussian for all k is needed, the network's component nets give "
                f"{mean.shape[1]}: pass its spec, or build them with n_components=1"
            )
        return mean, std

    def target_moments(self, prior: Prior) -> tuple[Tensor, Tensor]:
        """Return those of the whole mixture; see `Inference.target_moments`."""
        mean, covariance = prior.mixture_moments()
        return mean.unsqueeze(0), covariance.unsqueeze(0)
