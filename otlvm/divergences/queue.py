"""What earlier batches were encoded to, without gradient: no batch can conspire with it."""

from collections import deque
from typing import Any

from torch import Tensor, cat, nn


class CodeQueue(nn.Module):
    """Tensors of the batches before the present one, such as codes and their weights.

    They are part of the module's state, so that a training which goes on from a checkpoint
    compares with what it would have compared with.

    Args:
        batches: How many earlier batches are kept.
    """

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.batches = batches
        # The last entry is the present batch: it counts from the next one on.
        self._codes: deque[tuple[Tensor, ...]] = deque(maxlen=batches + 1)

    def push(self, *parts: Tensor) -> None:
        """Take the present batch; the one before it is an earlier one now.

        Args:
            parts: Tensors with a row for each data point, with shape ``[n, ...]``.
        """
        here = parts[0].device
        if self._codes and self._codes[-1][0].device != here:  # read from a checkpoint, on the CPU
            self._codes = deque(
                (tuple(part.to(here) for part in entry) for entry in self._codes),
                maxlen=self.batches + 1,
            )
        self._codes.append(tuple(part.detach() for part in parts))

    def earlier(self) -> tuple[Tensor, ...] | None:
        """Return the same tensors of all earlier batches, ``[m, ...]``; None without any."""
        earlier = list(self._codes)[:-1]
        if not earlier:
            return None
        return tuple(cat(parts) for parts in zip(*earlier, strict=True))

    def get_extra_state(self) -> list[tuple[Tensor, ...]]:
        """Return them batch by batch, the oldest first."""
        return list(self._codes)

    def set_extra_state(self, state: Any) -> None:
        """Take those of another queue."""
        self._codes = deque(map(tuple, state), maxlen=self.batches + 1)

    def extra_repr(self) -> str:
        """Show the length in ``repr``."""
        return f"batches={self.batches}"
