"""The interface of a latent divergence, and the easy door for your own."""

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from otlvm.divergences.by_mass import heavy_points
from otlvm.inputs import check_components, check_posterior
from otlvm.latents import MixturePosterior
from otlvm.priors import Prior
from otlvm.registry import Registry

On = Literal["marginal", "joint"]


class Divergence(nn.Module, ABC):
    """A divergence between the aggregated posterior, seen through one batch, and the prior.

    Attributes:
        warm_up: Batches that `update` sees before the first training step.
    """

    warm_up: int = 0

    @abstractmethod
    def forward(self, posterior: MixturePosterior, prior: Prior) -> Tensor:
        """Estimate D(q(z) || p(z)), a differentiable scalar."""

    def check(self, prior: Prior) -> None:
        """Refuse a prior with which it cannot be computed, before anything is trained.

        Raises:
            TypeError: If the prior is of the wrong kind; the message says which would do.
        """

    def update(self, posterior: MixturePosterior, prior: Prior) -> None:
        """Adapt what the divergence learns or keeps, if anything, before each training step.

        Such parameters are trained here, by the divergence's own optimiser, and nowhere else:
        objectives call this with a detached posterior and otherwise know nothing of it.
        """

    def terms(self) -> dict[str, Tensor]:
        """What of it has a learning curve of its own: scalars by name, always the same ones."""
        return {}


class SampleDivergence(Divergence):
    """A divergence of two weighted point clouds: implement `between`, the rest is done for you.

    The posterior's cloud holds the K samples of every data point, weighted by q(k|x); where all k
    share one sample, that sample once. On a CPU those that weigh nothing are left out (less than
    2.4e-7 of the mean weight in single precision, 4.4e-16 in double), so that a sure q(k|x) costs
    little. The prior's holds about as many points as the batch, equally many of each component and
    weighted by p(k), which has less variance than independent draws.

    With ``on = "joint"`` the clouds are those of (z, k): each point gets K more coordinates, so
    that two points of different components are further apart, by ``penalty`` times the prior's
    expected squared distance of two draws, through which a learned prior gets no gradient. Any
    divergence of clouds then compares q(z, k) with p(z, k).

    Attributes:
        on: Compare the marginals of z, or the joints of z and k.
        penalty: What changing the component costs, if joint.
    """

    on: On = "marginal"
    penalty: float = 1.0

    @abstractmethod
    def between(self, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        """Compare two clouds.

        Args:
            x: Points of the posterior, with shape ``[n, d]``; carry the gradient.
            a: Their weights, with shape ``[n]``, which sum to 1; carry the gradient too.
            y: Points of the prior, with shape ``[m, d]``.
            b: Their weights, with shape ``[m]``, which sum to 1.

        Returns:
            A differentiable scalar.
        """

    def forward(self, posterior: MixturePosterior, prior: Prior) -> Tensor:
        """Estimate D(q(z) || p(z)), a differentiable scalar."""
        check_posterior(posterior, prior.dim)
        x, a = posterior.joint_cloud() if self.on == "joint" else posterior.cloud()
        per_component = -(-len(posterior.pi) // prior.n_components)
        y = prior.sample_components(per_component).flatten(0, 1).to(x.dtype)
        if self.on == "joint":
            check_components(posterior, prior.n_components)
            corner = (0.5 * self.penalty * prior.spread().detach().to(x.dtype)).sqrt()
            corners = corner * torch.eye(prior.n_components, dtype=x.dtype, device=x.device)
            x = torch.cat([x, corners.repeat(len(posterior.pi), 1)], dim=1)
            y = torch.cat([y, corners.repeat(per_component, 1)], dim=1)
        b = (prior.weights(y.dtype) / per_component).expand(per_component, -1).flatten()
        return self.between(*heavy_points(x, a), y, b)


def near_origin(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Move two clouds ``[n, d]``, ``[m, d]`` together so that the second is about the origin.

    For divergences that depend on differences alone: far from the origin, squared distances by
    products lose their digits.
    """
    centre = y.detach().mean(0)
    return x - centre, y - centre


divergences: Registry[Divergence] = Registry("divergence", Divergence)
