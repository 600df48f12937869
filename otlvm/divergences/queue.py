"""Codes of earlier batches, without gradient: what a batch cannot conspire with."""

from collections import deque
from typing import Any

import torch
from torch import Tensor, nn


class CodeQueue(nn.Module):
    """The codes and their weights of the batches before the present one.

    They are part of the module's state, so that a training which goes on from a checkpoint
    compares with what it would have compared with.

    Args:
        batches: How many earlier batches are kept.
    """

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.batches = batches
        # The last entry is the present batch: it counts from the next one on.
        self._codes: deque[tuple[Tensor, Tensor]] = deque(maxlen=batches + 1)

    def push(self, z: Tensor, weights: Tensor) -> None:
        """Take the present batch; the one before it is an earlier one now.

        Args:
            z: P codes of each data point, with shape ``[n, P, d]``.
            weights: Their weights, with shape ``[n, P]``.
        """
        self._codes.append((z.detach(), weights.detach()))

    def earlier(self) -> tuple[Tensor, Tensor] | None:
        """Return codes ``[m, P, d]``, weights ``[m, P]`` of earlier batches; None without any."""
        earlier = list(self._codes)[:-1]
        if not earlier:
            return None
        z, weights = (torch.cat(parts) for parts in zip(*earlier, strict=True))
        return z, weights

    def get_extra_state(self) -> list[tuple[Tensor, Tensor]]:
        """Return the codes, the oldest batch first."""
        return list(self._codes)

    def set_extra_state(self, state: Any) -> None:
        """Take the codes of another queue."""
        self._codes = deque(map(tuple, state), maxlen=self.batches + 1)

    def extra_repr(self) -> str:
        """Show the length in ``repr``."""
        return f"batches={self.batches}"
