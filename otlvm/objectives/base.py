"""The interface of a training objective."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor, nn

from otlvm.likelihoods import Likelihood
from otlvm.networks import LatentMixtureModel, Network
from otlvm.priors import Prior
from otlvm.registry import Registry


@dataclass(frozen=True, repr=False)
class Losses:
    """What an objective says of one batch; scalars, means over the batch.

    Attributes:
        total: What is minimised.
        reconstruction: The reconstruction term.
        regularizer: The rest of ``total``, weight included.
        terms: Parts worth a learning curve of their own, unweighted, by name.
    """

    total: Tensor
    reconstruction: Tensor
    regularizer: Tensor
    terms: dict[str, Tensor] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Show the numbers."""
        named = {"total": self.total, "reconstruction": self.reconstruction}
        named |= {"regularizer": self.regularizer, **self.terms}
        numbers = ", ".join(f"{name}={float(value.detach()):.4g}" for name, value in named.items())
        return f"Losses({numbers})"


class Objective(nn.Module, ABC):
    """From a model and a batch to losses.

    Attributes:
        TERMS: The names of the terms in its losses. None says that they are known once they are
            computed; then a suite's claims about them cannot be checked before training.
    """

    TERMS: ClassVar[tuple[str, ...] | None] = None

    def named_terms(self) -> tuple[str, ...] | None:
        """Return the `TERMS` that stand beside the ``forward`` that computes the losses.

        A subclass with a ``forward`` of its own may have other terms than the class above it.
        """
        computes = next(each for each in type(self).__mro__ if "forward" in vars(each))
        named: tuple[str, ...] | None = vars(computes).get("TERMS")
        return named

    def check(self, prior: Prior) -> None:
        """Refuse a prior with which it cannot be computed, before anything is trained.

        Raises:
            TypeError: If the prior is of the wrong kind; the message says which would do.
        """

    def check_likelihood(self, likelihood: Likelihood) -> None:
        """Refuse a likelihood that it would not train, before anything is trained.

        Raises:
            ValueError: If it will not do; the message says what would.
        """

    def check_network(self, network: Network) -> None:
        """Refuse a network that it cannot train, before anything is trained.

        Args:
            network: The network, maybe on the meta device: shapes without values.

        Raises:
            TypeError: If it will not do; the message says what would.
        """

    def warm_up(self, model: LatentMixtureModel, draw: Callable[[], Tensor]) -> None:
        """Do what has to be done before the first training step, with batches that ``draw`` gives.

        The model is in train mode. Not called where training goes on from a checkpoint.
        """

    @abstractmethod
    def forward(self, model: LatentMixtureModel, x: Tensor) -> Losses:
        """Compute the losses of data ``x`` with shape ``[n, D]``, of the likelihood's range."""


objectives: Registry[Objective] = Registry("objective", Objective)
