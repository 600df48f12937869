"""A start from the best of several short trainings."""

import json
import math
from copy import deepcopy
from functools import partial

import torch
from torch import Tensor

from otlvm.networks import LatentMixtureModel, Network
from otlvm.objectives import Objective
from otlvm.optimizers import Adam, Optimizer
from otlvm.seeding import afresh, seeded
from otlvm.sharing import learnt_once
from otlvm.starts.base import Start, starts
from otlvm.starts.moments import Moments
from otlvm.starts.state import State
from otlvm.training.fit import fit
from otlvm.training.meter import DivergedError
from otlvm.training.precision import Precision

ADAM, MOMENTS = Adam(), Moments()
LOSS_BYTES = 8
READ = 10
"""A try is judged by the mean loss of the last of so many parts of its steps."""


@starts.register("restarts")
class Restarts(Start):
    """Several short trainings from weights of their own; the one of the lowest loss goes on.

    As the restarts of a clustering (`n_init`), of which the likeliest is kept: the training loss
    chooses, no label does. Each try is initialised anew, started by ``of`` and trained, from a seed
    of its own that the run's decides. A try that diverges loses. The run's training then begins at
    the winner's weights, and its optimiser afresh. Source: Biernacki, Celeux and Govaert, *Choosing
    starting values for the EM algorithm* (2003), Sec. 3: short runs, then a long one from the best.

    Rows of equal model, data and seed share tries.

    Args:
        objective: What the tries minimise; as a rule that of the row.
        of: How each try starts.
        tries: How many there are.
        steps: Training steps of each.
        learning_rate: That of their optimiser.
        optimizer: Their optimiser.
        precision: That of the networks in their steps; see `fit`.

    Raises:
        ValueError: If a number is not positive.
    """

    def __init__(
        self,
        objective: Objective,
        of: Start = MOMENTS,
        tries: int = 5,
        steps: int = 1000,
        learning_rate: float = 5e-4,
        optimizer: Optimizer = ADAM,
        precision: Precision = "float32",
    ) -> None:
        if min(tries, steps, learning_rate) <= 0:
            raise ValueError("tries, steps and learning_rate must be positive")
        self.objective = objective
        self.of = of
        self.tries = tries
        self.steps = steps
        self.learning_rate = learning_rate
        self.optimizer = optimizer
        self.precision: Precision = precision

    def check(self, n_images: int, n_components: int) -> None:
        """Ask the tries' start; see `Start.check`."""
        self.of.check(n_images, n_components)

    def check_network(self, network: Network) -> None:
        """Ask the tries' start and objective; see `Start.check_network`."""
        self.of.check_network(network)
        self.objective.check_network(network)

    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Try, and take the weights of the best; see `Start.prepare`.

        Raises:
            DivergedError: If every try diverged.
            ValueError: If the model was built from instances, or ``of`` holds parts of it.
        """
        if model.config is None:
            raise ValueError("'restarts' builds the model anew, so build it from specs")
        training = model.training
        what = json.dumps([self._spec, batch_size, model.config], sort_keys=True)
        tries = []
        for seed in self._seeds():
            attempt = partial(self._try, model, x, batch_size, seed)
            known = self._spec is not None
            tries.append(learnt_once(f"{what} {seed}", x, attempt) if known else attempt())
        best = min(tries, key=_loss)
        if _loss(best) == math.inf:
            raise DivergedError("loss of every try", math.inf, self.steps)
        State(model).load(best[LOSS_BYTES:])
        model.train(training)

    def _seeds(self) -> list[int]:
        draws = torch.Generator().manual_seed(torch.initial_seed())
        return torch.randint(2**31, (self.tries,), generator=draws).tolist()

    def _try(self, model: LatentMixtureModel, x: Tensor, batch_size: int, seed: int) -> Tensor:
        """Train new weights in the model's place; returns the bytes of the loss, then of them."""
        with seeded(seed, x.device), afresh(x.device):
            self._begin(model, x, batch_size)
            try:
                history = fit(
                    model,
                    deepcopy(self.objective).to(x.device),
                    x,
                    steps=self.steps,
                    batch_size=batch_size,
                    learning_rate=self.learning_rate,
                    optimizer=self.optimizer,
                    precision=self.precision,
                    log_every=max(1, self.steps // READ),
                )
                loss = history.rows[-1]["loss"]
            except DivergedError:
                loss = math.inf
        number = torch.tensor([loss], dtype=torch.float64, device=x.device)
        return torch.cat([number.view(torch.uint8), State(model).content()])

    def _begin(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        trained = [parameter.requires_grad for parameter in model.parameters()]
        fresh = LatentMixtureModel(**{**(model.config or {}), "scaling": model.scaling})
        State(model).load(State(fresh.to(x)).content())
        self.of.prepare(model, x, batch_size)
        if trained != [parameter.requires_grad for parameter in model.parameters()]:
            raise ValueError("'restarts' needs an 'of' that holds no part of the model")


def _loss(content: Tensor) -> float:
    return float(content[:LOSS_BYTES].clone().view(torch.float64))
