"""What an encoder says of a batch: a mixture posterior q(z, k | x)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor

Draw = Callable[[Tensor, Tensor], Tensor]
"""From means and standard deviations of Gaussians to a point of each."""


def reparameterised(mean: Tensor, std: Tensor) -> Tensor:
    """Draw a sample of each Gaussian, a differentiable function of mean and std."""
    return torch.addcmul(mean, std, torch.randn_like(mean))


def at_mean(mean: Tensor, std: Tensor) -> Tensor:
    """Take the mean of each Gaussian: the same every time."""
    return mean


@dataclass(frozen=True, repr=False)
class MixturePosterior:
    r"""The posterior :math:`q(z, k | x) = q(k | x) \, N(z; \mu_k(x), \sigma_k(x)^2)` of a batch.

    One Gaussian that all k share is given once, with shape ``[n, 1, d]``; ``mean``, ``std`` and
    ``z`` are then views of it with shape ``[n, K, d]``.

    Source: Gaujac, Feige and Barber (2021), eq. 18.

    Attributes:
        logits: Unnormalised log q(k|x), with shape ``[n, K]``.
        mean: Component means, with shape ``[n, K, d]``.
        std: Component standard deviations, with shape ``[n, K, d]``.
        z: One reparameterised sample of each component, with shape ``[n, K, d]``.
        decoded: What the decoder is given, if it is not the points themselves; see ``codes``.
        shared: Whether all k share one Gaussian and its sample.
        copies: How many rows that follow each other are of one data point, each with a sample of
            its own; n is the number of rows. Rows of one data point depend on each other.
    """

    logits: Tensor
    mean: Tensor
    std: Tensor
    z: Tensor
    decoded: Tensor | None = None
    shared: bool = field(default=False, kw_only=True)
    copies: int = field(default=1, kw_only=True)
    # Not `cached_property`, for whose lock (before Python 3.12) torch.compile leaves its graph.
    _log_pi: Tensor | None = field(default=None, init=False, compare=False)
    _pi: Tensor | None = field(default=None, init=False, compare=False)

    def __post_init__(self) -> None:
        """View what all k share as [n, K, d]."""
        n_components = self.logits.shape[1]
        if self.z.shape[1] < n_components:
            for name in ("mean", "std", "z"):
                whole = getattr(self, name).expand(-1, n_components, -1)
                object.__setattr__(self, name, whole)
            object.__setattr__(self, "shared", True)

    @classmethod
    def draw(cls, logits: Tensor, mean: Tensor, std: Tensor) -> "MixturePosterior":
        """Draw one reparameterised sample of each component."""
        return cls(logits, mean, std, reparameterised(mean, std))

    def __repr__(self) -> str:
        """Show the sizes and the mean q(k|x)."""
        n, n_components, dim = self.z.shape
        share = ", ".join(f"{value:.2f}" for value in self.pi.detach().mean(0).tolist())
        return f"MixturePosterior(n={n}, K={n_components}, d={dim}, mean q(k|x) = [{share}])"

    @property
    def log_pi(self) -> Tensor:
        """Log q(k|x), with shape ``[n, K]``."""
        if self._log_pi is None:
            object.__setattr__(self, "_log_pi", torch.log_softmax(self.logits, dim=-1))
        return cast(Tensor, self._log_pi)

    @property
    def pi(self) -> Tensor:
        """q(k|x), with shape ``[n, K]``; rows sum to 1."""
        if self._pi is None:
            object.__setattr__(self, "_pi", torch.softmax(self.logits, dim=-1))
        return cast(Tensor, self._pi)

    @property
    def data_points(self) -> int:
        """How many data points there are: rows that do not depend on each other."""
        return len(self.logits) // self.copies

    @property
    def points(self) -> Tensor:
        """The samples that differ, with shape ``[n, P, d]``: P is K, or 1 if all k share one."""
        return self.z[:, :1] if self.shared else self.z

    @property
    def point_weights(self) -> Tensor:
        """What each of ``points`` weighs, with shape ``[n, P]``: q(k|x), or 1 if k shares it."""
        return self._weights_of(self.points)

    @property
    def codes(self) -> Tensor:
        """What the decoder is given, with shape ``[n, J, c]``: J is K, or 1 if all k share it."""
        return self.points if self.decoded is None else self.decoded

    @property
    def code_weights(self) -> Tensor:
        """What each of ``codes`` weighs in an expectation over k, with shape ``[n, J]``."""
        return self._weights_of(self.codes)

    def _weights_of(self, rows: Tensor) -> Tensor:
        if rows.shape[1] == self.logits.shape[1]:
            return self.pi
        return self.logits.new_ones(len(rows), 1)

    def detach(self) -> "MixturePosterior":
        """The same posterior without its graph."""
        return MixturePosterior(
            self.logits.detach(),
            self.mean.detach(),
            self.std.detach(),
            self.z.detach(),
            None if self.decoded is None else self.decoded.detach(),
            shared=self.shared,
            copies=self.copies,
        )

    def cloud(self) -> tuple[Tensor, Tensor]:
        """Return the aggregated posterior q(z) as a weighted point cloud.

        Returns:
            Points ``[n * P, d]`` (the P samples of a data point are neighbours; see ``points``) and
            their weights ``[n * P]``, which sum to 1.
        """
        return self.points.flatten(0, 1), self.point_weights.flatten() / len(self.pi)

    def joint_cloud(self) -> tuple[Tensor, Tensor]:
        """Return q(z, k) as a weighted cloud: a point for each k, whether they share it or not.

        Returns:
            Points ``[n * K, d]`` (the K of a data point are neighbours, in order) and their weights
            ``[n * K]``, q(k|x) / n, which sum to 1.
        """
        return self.z.flatten(0, 1), self.pi.flatten() / len(self.pi)

    def likeliest(self) -> Tensor:
        """Return the code of each data point's likeliest component, with shape ``[n, c]``."""
        return _row_of_each(self.codes, self.code_weights.argmax(dim=1))

    def sample(self) -> Tensor:
        """Draw one z a data point: k ~ q(k|x), then that component's; shape ``[n, d]``."""
        return _row_of_each(self.points, torch.multinomial(self.point_weights, 1).squeeze(1))


def as_posterior(z: Tensor, k: Tensor, n_components: int, copies: int = 1) -> MixturePosterior:
    """Write draws of a mixture as the posterior of as many data points, each sure of its draw.

    Args:
        z: Codes, with shape ``[n, d]``.
        k: Their components, with shape ``[n]``.
        n_components: K.
        copies: How many equal rows a data point has.
    """
    z, k = z.repeat_interleave(copies, dim=0), k.repeat_interleave(copies)
    logits = torch.full((len(z), n_components), -torch.inf, dtype=z.dtype, device=z.device)
    logits.scatter_(1, k.unsqueeze(1), 0.0)
    each = z.unsqueeze(1).expand(-1, n_components, -1)
    return MixturePosterior(logits, each, torch.zeros_like(each), each, copies=copies)


def _row_of_each(rows: Tensor, chosen: Tensor) -> Tensor:
    return rows[torch.arange(len(chosen), device=chosen.device), chosen]
