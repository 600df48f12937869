"""Which images stand for all of them, where all would take too long."""

import torch
from torch import Tensor

SEED = 0


def spread_out(n: int, most: int | None) -> Tensor:
    """Choose images that stand for all: a random choice, but the same every time.

    The first ones would not do: data may be sorted by class, and the first half of MNIST's test
    images is easier than the second.

    Args:
        n: How many images there are.
        most: How many are wanted at most; None takes all.

    Returns:
        Their indices in increasing order, with shape ``[min(n, most)]``, on the CPU.
    """
    if most is None or n <= most:
        return torch.arange(n)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(SEED))
    return order[:most].sort().values
