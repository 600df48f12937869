"""A weight that finds itself: the divergence is held within what chance explains."""

from collections.abc import Callable

import torch
from torch import Tensor

from otlvm.weights.base import Weight, weights

DRAWS = 64


@weights.register("constraint")
class Constraint(Weight):
    r"""Raised while the divergence is above what chance explains, lowered while it is below.

    .. math:: \lambda \leftarrow \lambda \exp(\nu \, c), \qquad
        c = \operatorname{clip}\Bigl(\frac{\overline D - m}{e} - \text{limit}, -1, 1\Bigr)

    with a moving mean of the batches' divergences, the mean m that 64 batches drawn from the prior
    itself have, and the standard error e that chance leaves to such a moving mean. So lambda needs
    no tuning for the size of images or codes. The divergence has to be measured honestly: with
    ``statistic: cross`` no batch can make it small by itself, as it can the U-statistic's.
    Source: Rezende and Viola, *Taming VAEs* (2018), with the constraint on the divergence instead
    of the reconstruction, in units of chance, and with a clipped step.

    Args:
        limit: How many standard errors the moving mean may be above that of the prior.
        start: The first weight.
        rate: nu, what a step changes at most, as a share.
        memory: Share of the moving mean that each batch leaves.

    Raises:
        ValueError: If a number is out of range.
    """

    value: Tensor
    excess: Tensor
    mean: Tensor
    error: Tensor
    seen: Tensor

    def __init__(
        self, limit: float = 1.0, start: float = 100.0, rate: float = 0.002, memory: float = 0.99
    ) -> None:
        super().__init__()
        if start <= 0 or rate <= 0 or not 0 <= memory < 1:
            raise ValueError("start and rate must be positive and memory in [0, 1)")
        self.limit = limit
        self.start = start
        self.rate = rate
        self.memory = memory
        for name, first in (("value", start), ("excess", 0.0), ("mean", 0.0), ("error", 1.0),
                            ("seen", 0.0)):  # fmt: skip
            self.register_buffer(name, torch.tensor(first, dtype=torch.float64))

    def calibrate(self, chance: Callable[[], Tensor]) -> None:
        """Learn how the divergence varies under the prior; see `Weight.calibrate`."""
        values = torch.stack([chance().double() for _ in range(DRAWS)])
        self.mean.copy_(values.mean())
        # A moving mean of independent values has this share of their spread.
        self.error.copy_(values.std() * ((1 - self.memory) / (1 + self.memory)) ** 0.5)

    def forward(self, divergence: Tensor) -> Tensor:
        """Return the weight, then move it; see `Weight`."""
        weight = self.value.to(divergence.dtype, copy=True)
        if self.training:
            excess = (divergence.detach().double() - self.mean) / self.error - self.limit
            self.seen += 1
            # A mean of what there is so far, then a moving one.
            share = torch.maximum(1 / self.seen, self.seen.new_tensor(1 - self.memory))
            self.excess += share * (excess - self.excess)
            self.value *= torch.exp(self.rate * self.excess.clamp(-1, 1))
        return weight

    def extra_repr(self) -> str:
        """Show the parameters in ``repr``."""
        return f"limit={self.limit}, start={self.start}, rate={self.rate}, memory={self.memory}"
