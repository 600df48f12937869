"""What an encoder says of a batch: a mixture posterior q(z, k | x)."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


@dataclass(frozen=True, repr=False)
class MixturePosterior:
    r"""The posterior :math:`q(z, k | x) = q(k | x) \, N(z; \mu_k(x), \sigma_k(x)^2)` of a batch.

    Source: Gaujac, Feige and Barber (2021), eq. 18.

    Attributes:
        logits: Unnormalised log q(k|x), with shape ``[n, K]``.
        mean: Component means, with shape ``[n, K, d]``.
        std: Component standard deviations, with shape ``[n, K, d]``.
        z: One reparameterised sample of each component, with shape ``[n, K, d]``.
    """

    logits: Tensor
    mean: Tensor
    std: Tensor
    z: Tensor

    @classmethod
    def draw(cls, logits: Tensor, mean: Tensor, std: Tensor) -> "MixturePosterior":
        """Draw one reparameterised sample of each component."""
        return cls(logits, mean, std, torch.addcmul(mean, std, torch.randn_like(mean)))

    def __repr__(self) -> str:
        """Show the sizes and the mean q(k|x)."""
        n, n_components, dim = self.z.shape
        share = ", ".join(f"{value:.2f}" for value in self.pi.detach().mean(0).tolist())
        return f"MixturePosterior(n={n}, K={n_components}, d={dim}, mean q(k|x) = [{share}])"

    @cached_property
    def log_pi(self) -> Tensor:
        """Log q(k|x), with shape ``[n, K]``."""
        return torch.log_softmax(self.logits, dim=-1)

    @cached_property
    def pi(self) -> Tensor:
        """q(k|x), with shape ``[n, K]``; rows sum to 1."""
        return torch.softmax(self.logits, dim=-1)

    def detach(self) -> "MixturePosterior":
        """The same posterior without its graph."""
        return MixturePosterior(
            self.logits.detach(), self.mean.detach(), self.std.detach(), self.z.detach()
        )

    def cloud(self) -> tuple[Tensor, Tensor]:
        """Return the aggregated posterior as a weighted point cloud.

        Returns:
            Points ``[n * K, d]`` (the K samples of a data point are neighbours) and their weights
            ``[n * K]``, q(k|x) / n, which sum to 1.
        """
        return self.z.flatten(0, 1), self.pi.flatten() / len(self.pi)

    def likeliest(self) -> Tensor:
        """Return each data point's z of its likeliest component, with shape ``[n, d]``."""
        k = self.pi.argmax(dim=1)
        return self.z[torch.arange(len(k), device=k.device), k]

    def sample(self) -> Tensor:
        """Draw one code a data point: k ~ q(k|x), then that component's z; shape ``[n, d]``."""
        k = torch.multinomial(self.pi, 1)
        return self.z[torch.arange(len(k), device=k.device), k.squeeze(1)]


def as_posterior(z: Tensor, k: Tensor, n_components: int) -> MixturePosterior:
    """Write draws of a mixture as the posterior of as many data points, each sure of its draw.

    Args:
        z: Codes, with shape ``[n, d]``.
        k: Their components, with shape ``[n]``.
        n_components: K.
    """
    logits = torch.full((len(z), n_components), -torch.inf, dtype=z.dtype, device=z.device)
    logits.scatter_(1, k.unsqueeze(1), 0.0)
    each = z.unsqueeze(1).expand(-1, n_components, -1)
    return MixturePosterior(logits, each, torch.zeros_like(each), each)
