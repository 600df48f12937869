"""What objectives have in common that change another one."""

from abc import ABC
from collections.abc import Callable
from copy import deepcopy

from torch import Tensor

from otlvm.likelihoods import Likelihood
from otlvm.networks import LatentMixtureModel, Network
from otlvm.objectives.base import Objective
from otlvm.priors import Prior


class Around(Objective, ABC):
    """An objective that asks another one.

    Args:
        of: The other objective; a copy is taken.

    Attributes:
        ADDS: The names of terms that its losses have beside those of ``of``.
    """

    ADDS: tuple[str, ...] = ()

    def __init__(self, of: Objective) -> None:
        super().__init__()
        self.of = deepcopy(of)  # a default is everybody's

    def named_terms(self) -> tuple[str, ...] | None:
        """Return those of the objective, and `ADDS`; see `Objective.named_terms`."""
        terms = self.of.named_terms()
        return None if terms is None else (*terms, *self.ADDS)

    def check(self, prior: Prior) -> None:
        """Ask the objective; see `Objective.check`."""
        self.of.check(prior)

    def check_likelihood(self, likelihood: Likelihood) -> None:
        """Ask the objective; see `Objective.check_likelihood`."""
        self.of.check_likelihood(likelihood)

    def check_network(self, network: Network) -> None:
        """Ask the objective; see `Objective.check_network`."""
        self.of.check_network(network)

    def warm_up(self, model: LatentMixtureModel, draw: Callable[[], Tensor]) -> None:
        """Warm the objective up; see `Objective.warm_up`."""
        self.of.warm_up(model, draw)
