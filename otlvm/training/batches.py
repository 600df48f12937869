"""Batches from data that lies on the device."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor


class BatchSampler:
    """Random batches ``[batch_size, D]``, without end; each epoch is a new permutation.

    What is left of an epoch after its last whole batch is dropped, so that every batch has the
    same size.

    Args:
        x: The data, with shape ``[n, D]``.
        batch_size: Rows a batch.

    Raises:
        ValueError: If there are fewer images than ``batch_size``.
    """

    def __init__(self, x: Tensor, batch_size: int) -> None:
        if len(x) < batch_size:
            raise ValueError(f"batch_size {batch_size} is larger than the data ({len(x)} images)")
        self._x = x
        self._batch_size = batch_size
        self._order = torch.empty(0, dtype=torch.long, device=x.device)
        self.drawn = 0

    def draw(self) -> Tensor:
        """Return the next batch."""
        position = self.drawn % (len(self._x) // self._batch_size)
        if position == 0:
            self._order = torch.randperm(len(self._x), device=self._x.device)
        self.drawn += 1
        return self._x[self._order[position * self._batch_size : (position + 1) * self._batch_size]]

    def state_dict(self) -> dict[str, Any]:
        """Return the present permutation and the place in it."""
        return {"order": self._order, "drawn": self.drawn}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self._order = state["order"].to(self._x.device)
        self.drawn = state["drawn"]


class Redrawn:
    """Random batches of black and white images, drawn afresh from torch's random state.

    Args:
        shades: Their probabilities, with shape ``[n, D]``.
        batch_size: Rows a batch.

    Raises:
        ValueError: If there are fewer images than ``batch_size``.
    """

    def __init__(self, shades: Tensor, batch_size: int) -> None:
        self._sampler = BatchSampler(shades, batch_size)

    def draw(self) -> Tensor:
        """Return the next batch."""
        return torch.bernoulli(self._sampler.draw())

    def state_dict(self) -> dict[str, Any]:
        """Return what `BatchSampler.state_dict` does."""
        return self._sampler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self._sampler.load_state_dict(state)


def batches(x: Tensor, batch_size: int, steps: int) -> Iterator[Tensor]:
    """Yield ``steps`` batches of a `BatchSampler`."""
    sampler = BatchSampler(x, batch_size)
    for _ in range(steps):
        yield sampler.draw()
