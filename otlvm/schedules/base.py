"""The interface of a schedule, and the constant one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from otlvm.registry import Registry


class Schedule(ABC):
    """A factor on all learning rates, step by step."""

    @abstractmethod
    def factor(self, step: int, steps: int) -> float:
        """Return the factor of a step.

        Args:
            step: The step, from 1 on.
            steps: The last one.
        """

    def observe(self, row: Mapping[str, float]) -> None:  # noqa: B027 (few look)
        """Look at a new row of the learning curve, with ``loss`` and the other numbers."""

    def state_dict(self) -> dict[str, Any]:
        """Return what it has learnt from rows, for checkpoints."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027 (few learn)
        """Go on from what `state_dict` returned."""


schedules: Registry[Schedule] = Registry("schedule", Schedule)


@schedules.register("constant")
class Constant(Schedule):
    """The same rate throughout."""

    def factor(self, step: int, steps: int) -> float:
        """Return 1; see `Schedule.factor`."""
        return 1.0
