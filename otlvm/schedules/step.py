"""A rate that falls in steps."""

from otlvm.schedules.base import Schedule, schedules


@schedules.register("step")
class Step(Schedule):
    r"""The rate times a factor every so many steps, down to a floor.

    .. math:: \max(\text{floor}, \text{factor}^{\lfloor (t - 1) / \text{every} \rfloor})

    Args:
        every: Steps between two falls.
        factor: What each fall leaves of the rate.
        floor: The least that is left, as a share of the first rate.

    Raises:
        ValueError: If ``every`` is not positive, or a share not in [0, 1].
    """

    def __init__(self, every: int, factor: float = 0.5, floor: float = 0.0) -> None:
        if every < 1:
            raise ValueError("every must be positive")
        if not 0 < factor <= 1 or not 0 <= floor <= 1:
            raise ValueError("factor and floor are shares of a rate: between 0 and 1")
        self.every = every
        self.by = factor
        self.floor = floor

    def factor(self, step: int, steps: int) -> float:
        """Return the factor; see `Schedule.factor`."""
        return max(self.floor, self.by ** ((step - 1) // self.every))
