"""A rate that falls when the training loss does not."""

import math
from collections.abc import Mapping
from typing import Any

from otlvm.schedules.base import Schedule, schedules


@schedules.register("plateau")
class Plateau(Schedule):
    """The rate times a factor whenever the training loss has not fallen for some rows of the curve.

    As torch's ``ReduceLROnPlateau`` with a relative threshold.

    Args:
        factor: What each fall leaves of the rate.
        patience: Rows of the learning curve without a lower loss that are waited for.
        threshold: How much lower counts, as a share of the loss's size.
        floor: The least that is left, as a share of the first rate.

    Raises:
        ValueError: If ``patience`` is negative, or a share not in [0, 1].
    """

    def __init__(
        self,
        factor: float = 0.5,
        patience: int = 5,
        threshold: float = 1e-4,
        floor: float = 0.0,
    ) -> None:
        if patience < 0 or threshold < 0:
            raise ValueError("patience and threshold must not be negative")
        if not 0 < factor <= 1 or not 0 <= floor <= 1:
            raise ValueError("factor and floor are shares of a rate: between 0 and 1")
        self.by = factor
        self.patience = patience
        self.threshold = threshold
        self.floor = floor
        self._best = math.inf
        self._waited = 0
        self._left = 1.0

    def factor(self, step: int, steps: int) -> float:
        """Return the factor; see `Schedule.factor`."""
        return self._left

    def observe(self, row: Mapping[str, float]) -> None:
        """Lower the rate if the loss has not fallen for too long; see `Schedule.observe`."""
        loss = row["loss"]
        if loss < self._best - self.threshold * abs(self._best) or math.isinf(self._best):
            self._best, self._waited = loss, 0
            return
        self._waited += 1
        if self._waited > self.patience:
            self._left, self._waited = max(self.floor, self._left * self.by), 0

    def state_dict(self) -> dict[str, Any]:
        """Return the best loss, the rows waited for and the factor; see `Schedule.state_dict`."""
        return {"best": self._best, "waited": self._waited, "left": self._left}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on; see `Schedule.load_state_dict`."""
        self._best, self._waited, self._left = state["best"], state["waited"], state["left"]
