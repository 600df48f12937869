"""A weight that moves evenly from one value to another."""

import torch
from torch import Tensor

from otlvm.weights.base import Weight, weights


@weights.register("linear")
class Linear(Weight):
    r"""From one weight to another in so many steps, and that one from then on.

    Args:
        start: The weight of the first step.
        end: The weight after ``steps`` steps.
        steps: How many.

    Raises:
        ValueError: If a weight is negative or ``steps`` not positive.
    """

    step: Tensor

    def __init__(self, start: float, end: float, steps: int) -> None:
        super().__init__()
        if min(start, end) < 0 or steps < 1:
            raise ValueError("weights must not be negative, and steps must be positive")
        self.start = start
        self.end = end
        self.steps = steps
        self.register_buffer("step", torch.zeros((), dtype=torch.float64))

    def forward(self, divergence: Tensor) -> Tensor:
        """Return the weight; see `Weight`."""
        share = (self.step / self.steps).clamp(max=1)
        if self.training:
            self.step += 1
        return (self.start + share * (self.end - self.start)).to(divergence.dtype)

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"start={self.start}, end={self.end}, steps={self.steps}"
