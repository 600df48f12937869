"""The Wasserstein autoencoder objective."""

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor

from otlvm.divergences import Divergence
from otlvm.expectations import EXACT, Expectation
from otlvm.latents import as_posterior
from otlvm.networks import LatentMixtureModel
from otlvm.objectives.base import Losses, Objective, objectives
from otlvm.priors import Prior
from otlvm.weights import Fixed, Weight


@objectives.register("wae")
class WAE(Objective):
    r"""Squared error plus a weighted divergence of the aggregated posterior from the prior.

    .. math:: E_x E_{q(k|x)} E_{q(z|k,x)} |x - g(z)|^2 + \lambda D(E_x q(z|x) \| p(z))

    The sum is over pixels. Sources: Tolstikhin et al. (2018);
    Gaujac, Feige and Barber (2021), eq. 16.

    Args:
        divergence: D.
        weight: lambda, a number or a weight that changes; "a few hundred or more" behaves alike in
            the paper.
        expectation: How the decoder's expectation over k is taken.

    Raises:
        ValueError: If ``weight`` is negative.
    """

    def __init__(
        self,
        divergence: Divergence,
        weight: float | Weight = 500.0,
        expectation: Expectation = EXACT,
    ) -> None:
        super().__init__()
        self.divergence = divergence
        self.weight = weight if isinstance(weight, Weight) else Fixed(weight)
        self.expectation = expectation

    def check(self, prior: Prior) -> None:
        """Ask the divergence; see `Objective.check`."""
        self.divergence.check(prior)

    @torch.no_grad()
    def warm_up(self, model: LatentMixtureModel, draw: Callable[[], Tensor]) -> None:
        """Show the divergence as many batches as it asks for; see `Objective.warm_up`."""
        for _ in range(self.divergence.warm_up):
            self.divergence.update(model.encode(draw()), model.prior)
        n, prior, divergence = len(draw()), model.prior, deepcopy(self.divergence)

        def chance() -> Tensor:
            posterior = as_posterior(*prior.sample_with_components(n), prior.n_components)
            divergence.update(posterior, prior)
            value: Tensor = divergence(posterior, prior)
            return value

        for _ in range(divergence.warm_up):
            chance()
        self.weight.calibrate(chance)

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
        weight = self.weight(divergence.detach())
        regularizer = weight * divergence
        terms = {"divergence": divergence, "weight": weight}
        return Losses(reconstruction + regularizer, reconstruction, regularizer, terms)
