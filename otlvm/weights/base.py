"""The interface of a weight, and the fixed one."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from otlvm.registry import Registry


class Weight(nn.Module, ABC):
    """The weight lambda of a divergence, at each training step.

    What it counts or learns is kept in buffers, so that a training which goes on from a checkpoint
    goes on with the same weight.
    """

    @abstractmethod
    def forward(self, divergence: Tensor) -> Tensor:
        """Return the weight of the present batch, a scalar on the device, without gradient.

        Called once a training step, and in eval mode without a step: then nothing may change.

        Args:
            divergence: The batch's divergence, a scalar.
        """

    def calibrate(self, chance: Callable[[], Tensor]) -> None:
        """Learn, before the first training step, how the divergence varies by chance alone.

        Args:
            chance: Returns the divergence of a batch that is drawn from the prior, a scalar.
        """


weights: Registry[Weight] = Registry("weight", Weight)


@weights.register("fixed")
class Fixed(Weight):
    """The same weight throughout; a plain number means this.

    Args:
        value: The weight.

    Raises:
        ValueError: If it is negative.
    """

    def __init__(self, value: float) -> None:
        super().__init__()
        if value < 0:
            raise ValueError("weight must not be negative")
        self.value = value

    def forward(self, divergence: Tensor) -> Tensor:
        """Return the weight; see `Weight`."""
        return divergence.new_full((), self.value)

    def extra_repr(self) -> str:
        """Show the weight in ``repr``."""
        return f"{self.value}"
