"""The Wasserstein autoencoder objective."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Literal

import torch
from torch import Tensor

from otlvm.divergences import Divergence
from otlvm.expectations import EXACT, Expectation
from otlvm.latents import MixturePosterior, as_posterior
from otlvm.likelihoods import Likelihood
from otlvm.networks import LatentMixtureModel
from otlvm.objectives.base import Losses, Objective, objectives
from otlvm.priors import Prior
from otlvm.weights import Fixed, Weight

Cost = Literal["squared", "absolute", "likelihood"]


def _squared(likelihood: Likelihood, logits: Tensor, x: Tensor) -> Tensor:
    return (likelihood.mean(logits) - x).square().sum(-1)


def _absolute(likelihood: Likelihood, logits: Tensor, x: Tensor) -> Tensor:
    return (likelihood.mean(logits) - x).abs().sum(-1)


COSTS: Mapping[Cost, Callable[[Likelihood, Tensor, Tensor], Tensor]] = {
    "squared": _squared,
    "absolute": _absolute,
    "likelihood": lambda likelihood, logits, x: likelihood.nll(logits, x),
}


@objectives.register("wae")
class WAE(Objective):
    r"""A cost plus a weighted divergence of the aggregated posterior from the prior.

    .. math:: E_x E_{q(k|x)} E_{q(z|k,x)} c(x, g(z)) + \lambda D(E_x q(z|x) \| p(z))

    The cost c is summed over pixels; the paper's is the squared error. Sources: Tolstikhin et al.
    (2018); Gaujac, Feige and Barber (2021), eq. 16.

    Args:
        divergence: D.
        weight: lambda, a number or a weight that changes; "a few hundred or more" behaves alike in
            the paper.
        expectation: How the decoder's expectation over k is taken.
        cost: c, ``squared`` or ``absolute`` error of the likelihood's mean, or ``likelihood``,
            -log p(x|z).

    Raises:
        ValueError: If ``weight`` is negative.
    """

    TERMS = ("divergence", "weight")

    def __init__(
        self,
        divergence: Divergence,
        weight: float | Weight = 500.0,
        expectation: Expectation = EXACT,
        cost: Cost = "squared",
    ) -> None:
        super().__init__()
        if cost not in COSTS:
            raise ValueError(f"cost {cost!r} is not one: say {' or '.join(COSTS)}")
        self.divergence = divergence
        self.weight = weight if isinstance(weight, Weight) else Fixed(weight)
        self.expectation = expectation
        self.cost = cost

    def check(self, prior: Prior) -> None:
        """Ask the divergence; see `Objective.check`."""
        self.divergence.check(prior)

    def check_likelihood(self, likelihood: Likelihood) -> None:
        """Refuse one that learns where the cost says nothing of it; see the base class."""
        trained = [name for name, value in likelihood.named_parameters() if value.requires_grad]
        if trained and self.cost != "likelihood":
            raise ValueError(
                f"the cost {self.cost} does not train the likelihood's {', '.join(trained)}: say "
                f"'cost: likelihood' in objective:, or 'learn: none' in the likelihood"
            )

    @torch.no_grad()
    def warm_up(self, model: LatentMixtureModel, draw: Callable[[], Tensor]) -> None:
        """Show the divergence as many batches as it asks for; see `Objective.warm_up`."""
        for _ in range(self.divergence.warm_up):
            self.divergence.update(model.encode(draw()), model.prior)
        n, prior, divergence = len(draw()) // model.copies, model.prior, deepcopy(self.divergence)

        def draw_of_prior() -> MixturePosterior:
            z, k = prior.sample_with_components(n)
            posterior = as_posterior(z, k, prior.n_components, model.copies)
            divergence.update(posterior, prior)
            return posterior

        def chance() -> Tensor:
            value: Tensor = divergence(draw_of_prior(), prior)
            return value

        for _ in range(divergence.warm_up):
            draw_of_prior()
        self.weight.calibrate(chance)

    def forward(self, model: LatentMixtureModel, x: Tensor) -> Losses:
        """Compute the losses of images ``x`` with shape ``[n, D]``."""
        x = model.images(x)
        posterior = model.encode(x)
        codes, weights = self.expectation(posterior)
        cost = COSTS[self.cost]
        errors = cost(model.likelihood, model.decode_logits(codes), x.unsqueeze(1))
        reconstruction = (weights * errors).sum(1).mean()
        if model.training:
            self.divergence.update(posterior.detach(), model.prior)
        divergence = _scalar(self.divergence(posterior, model.prior), self.divergence)
        weight = self.weight(divergence.detach())
        regularizer = weight * divergence
        terms = {"divergence": divergence, "weight": weight, **self.divergence.terms()}
        return Losses(reconstruction + regularizer, reconstruction, regularizer, terms)

    def extra_repr(self) -> str:
        """Show the cost in ``repr``."""
        return f"cost={self.cost}"


def _scalar(value: Any, divergence: Divergence) -> Tensor:
    """Refuse what no gradient could be taken of: plug-ins may return anything."""
    if isinstance(value, Tensor) and not value.ndim:
        return value
    found = f"shape {list(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
    name = type(divergence).__name__
    raise TypeError(f"{name} returns a value of {found}: a tensor with one number is wanted")
