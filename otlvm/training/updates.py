"""From gradients to new parameters: optimiser, rates of parts, schedule, clipping."""

from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor, nn

from otlvm.networks import LatentMixtureModel
from otlvm.objectives import Objective
from otlvm.optimizers import Group, Optimizer
from otlvm.schedules import Constant, Schedule
from otlvm.wording import did_you_mean


class Updates:
    """The optimiser of a training, with its learning rates.

    Args:
        model: The model.
        objective: The objective, whose own parameters are trained along.
        optimizer: The optimiser.
        rate: The learning rate.
        rates: Those of parts that differ; see `fit`.
        schedule: A factor on all of them.
        clip: The largest norm of the gradient.

    Raises:
        ValueError: If a rate is of no part or one that trains nothing, or a number is not positive.
    """

    def __init__(
        self,
        model: LatentMixtureModel,
        objective: Objective,
        optimizer: Optimizer,
        rate: float,
        rates: Mapping[str, float],
        schedule: Schedule,
        clip: float | None,
    ) -> None:
        if clip is not None and clip <= 0:
            raise ValueError("clip must be positive")
        parts = parts_of(model, objective)
        check_rates(rates, parts, parts)
        own = {name: list(parts[name].parameters()) for name in rates}
        taken = {parameter for group in own.values() for parameter in group}
        everything = [*model.parameters(), *objective.parameters()]
        rest = [parameter for parameter in everything if parameter not in taken]
        groups: list[Group] = [{"params": rest, "lr": rate}] if rest else []
        groups += [{"params": own[name], "lr": rates[name]} for name in rates]
        self.optimizer = optimizer.make(groups)
        self._rates = [group["lr"] for group in groups]
        self._parameters = everything
        self._schedule = schedule
        self._clip = clip

    def step(self, step: int, steps: int) -> Tensor:
        """Move all parameters along their gradients.

        Args:
            step: The step, from 1 on.
            steps: The last one.

        Returns:
            The norm of the gradient, before it was shortened.
        """
        if not isinstance(self._schedule, Constant):
            factor = self._schedule.factor(step, steps)
            for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
                group["lr"] = factor * rate
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        norm = nn.utils.get_total_norm(gradients, foreach=True)
        if self._clip is not None:
            nn.utils.clip_grads_with_norm_(self._parameters, self._clip, norm)
        self.optimizer.step()
        return norm

    def state_dict(self) -> dict[str, Any]:
        """Return the states of optimiser and schedule."""
        return {"optimizer": self.optimizer.state_dict(), "schedule": self._schedule.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from the states that `state_dict` returned."""
        self.optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])


PARTS = ("prior", "classifier", "components", "decoder", "objective")


def parts_of(model: LatentMixtureModel, objective: Objective) -> dict[str, nn.Module]:
    """Return the parts of a training that may have a rate of their own."""
    network = model.network
    modules = (model.prior, network.classifier, network.components, network.decoder, objective)
    named = zip(PARTS, modules, strict=True)
    return {name: module for name, module in named if module is not None}


def check_rates(
    rates: Mapping[str, float], known: Collection[str], modules: Mapping[str, nn.Module]
) -> None:
    """Refuse rates of no part, of one that has nothing to train, or none.

    Args:
        rates: The rates.
        known: Names of all parts.
        modules: The parts, as far as there are any yet.

    Raises:
        ValueError: If there is one.
    """
    for name, rate in rates.items():
        if name not in known:
            raise ValueError(f"rates: no part is {name!r}{did_you_mean(name, known)}; "
                             f"there are {', '.join(known)}")  # fmt: skip
        if rate <= 0:
            raise ValueError(f"rates: that of {name} must be positive")
        if name in modules and not list(modules[name].parameters()):
            raise ValueError(f"rates: {name} has nothing to train; leave its rate out")
