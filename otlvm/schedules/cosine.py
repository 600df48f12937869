"""A rate that falls along half a cosine."""

import math

from otlvm.schedules.base import Schedule, schedules


@schedules.register("cosine")
class Cosine(Schedule):
    r"""Half a cosine from the first rate to a share of it at the last step, after a warm-up.

    .. math:: f + (1 - f) \tfrac12 \bigl(1 + \cos(\pi s)\bigr)

    with the floor f and s from 0 to 1. Source: Loshchilov and Hutter, *SGDR* (2017), one cycle.

    Args:
        floor: What is left at the last step, as a share of the first rate.
        warm_up: Steps over which the rate rises linearly before.

    Raises:
        ValueError: If ``floor`` is not in [0, 1] or ``warm_up`` negative.
    """

    def __init__(self, floor: float = 0.0, warm_up: int = 0) -> None:
        if not 0 <= floor <= 1:
            raise ValueError("floor is a share of a rate: between 0 and 1")
        if warm_up < 0:
            raise ValueError("warm_up must not be negative")
        self.floor = floor
        self.warm_up = warm_up

    def factor(self, step: int, steps: int) -> float:
        """Return the factor; see `Schedule.factor`."""
        if step <= self.warm_up:
            return step / self.warm_up
        share = (step - 1 - self.warm_up) / max(1, steps - 1 - self.warm_up)
        return self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * min(1.0, share)))
