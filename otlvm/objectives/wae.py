"""The Wasserstein autoencoder objective."""

from torch import Tensor

from otlvm.divergences import Divergence
from otlvm.expectations import EXACT, Expectation
from otlvm.networks import LatentMixtureModel
from otlvm.objectives.base import Losses, Objective, objectives


@objectives.register("wae")
class WAE(Objective):
    r"""Squared error plus a weighted divergence of the aggregated posterior from the prior.

    .. math:: E_x E_{q(k|x)} E_{q(z|k,x)} |x - g(z)|^2 + \lambda D(E_x q(z|x) \| p(z))

    The sum is over pixels. Sources: Tolstikhin et al. (2018);
    Gaujac, Feige and Barber (2021), eq. 16.

    Args:
        divergence: D.
        weight: lambda; "a few hundred or more" behaves alike in the paper.
        expectation: How the decoder's expectation over k is taken.

    Raises:
        ValueError: If ``weight`` is negative.
    """

    def __init__(
        self, divergence: Divergence, weight: float = 500.0, expectation: Expectation = EXACT
    ) -> None:
        super().__init__()
        if weight < 0:
            raise ValueError("weight must not be negative")
        self.divergence = divergence
        self.weight = weight
        self.expectation = expectation

    def forward(self, model: LatentMixtureModel, x: Tensor) -> Losses:
        """Compute the losses of images ``x`` with shape ``[n, D]``."""
        x = model.images(x)
        posterior = model.encode(x)
        codes, weights = self.expectation(posterior)
        errors = (model.decode(codes) - x.unsqueeze(1)).square().sum(-1)
        reconstruction = (weights * errors).sum(1).mean()
        if model.training:
            self.divergence.update(posterior.detach(), model.prior)
        divergence = self.divergence(posterior, model.prior)
        regularizer = self.weight * divergence
        total = reconstruction + regularizer
        return Losses(total, reconstruction, regularizer, {"divergence": divergence})

    def extra_repr(self) -> str:
        """Show the weight in ``repr``."""
        return f"weight={self.weight}"
