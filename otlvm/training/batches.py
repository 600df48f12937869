"""Batches from data that lies on the device."""

from collections.abc import Iterator

import torch
from torch import Tensor


def batches(x: Tensor, batch_size: int, steps: int) -> Iterator[Tensor]:
    """Yield ``steps`` random batches ``[batch_size, D]``; each epoch is a new permutation.

    What is left of an epoch after its last whole batch is dropped, so that every batch has the
    same size.

    Raises:
        ValueError: If there are fewer images than ``batch_size``.
    """
    if len(x) < batch_size:
        raise ValueError(f"batch_size {batch_size} is larger than the data ({len(x)} images)")
    per_epoch = len(x) // batch_size
    order = torch.empty(0)
    for step in range(steps):
        position = step % per_epoch
        if position == 0:
            order = torch.randperm(len(x), device=x.device)
        yield x[order[position * batch_size : (position + 1) * batch_size]]
