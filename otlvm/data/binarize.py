"""Black and white images, drawn from grey ones."""

from typing import Literal

import torch
from torch import Tensor

from otlvm.data.errors import DataError

Binarize = Literal["static", "dynamic"]
SEED = 0


def draw_once(name: str, parts: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Draw each pixel as 1 with its grey value as probability, the same every time.

    Args:
        name: The data set's name, for messages.
        parts: Training and held-out images, in [0, 1].

    Raises:
        DataError: If pixels are not in [0, 1].
    """
    low, high = (float(x) for x in torch.cat([part.flatten() for part in parts]).aminmax())
    if low < 0 or high > 1:
        raise DataError(
            f"{name}: 'binarize:' takes values for probabilities, and they span "
            f"[{low:.6g}, {high:.6g}]: say 'scale: unit' beside it, or leave it out"
        )
    generator = torch.Generator().manual_seed(SEED)
    train, test = (torch.bernoulli(part, generator=generator) for part in parts)
    return train, test
