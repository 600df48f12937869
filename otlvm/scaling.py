"""How data were scaled, and back: kept with the data and with the model that saw them."""

from collections.abc import Callable, Mapping
from typing import Literal, Self

import torch
from torch import Tensor, nn

Scale = Literal["none", "unit", "standard"]


class Scaling(nn.Module):
    """An affine map of each feature, as it was fitted to training data.

    Args:
        kind: ``unit`` or ``standard``.
        features: D, the number of features.

    Attributes:
        kind: What it was fitted as.
        shift: What is taken off, with shape ``[D]``.
        factor: What the rest is divided by, with shape ``[D]``; 0 where a feature is constant in
            training data, and so tells nothing: it becomes 0, wherever it is not.

    Raises:
        ValueError: If there is no such kind.
    """

    shift: Tensor
    factor: Tensor

    def __init__(self, kind: str, features: int) -> None:
        super().__init__()
        if kind not in FITS:
            raise ValueError(f"scale {kind!r} is not one: say {' or '.join(FITS)}")
        self.kind = kind
        self.register_buffer("shift", torch.zeros(features))
        self.register_buffer("factor", torch.ones(features))

    @classmethod
    def fit(cls, kind: str, x: Tensor, rounding: float | None = None) -> Self:
        """Fit to training data ``[n, D]``.

        Args:
            kind: ``unit`` or ``standard``.
            x: The data.
            rounding: A feature whose range is this part of its size is constant. Default: a few
                times the precision of the data's type.
        """
        scaling = cls(kind, x.shape[1]).to(x)
        shift, factor = FITS[kind](x)
        low, high = x.aminmax(dim=0)
        rounding = 4 * torch.finfo(x.dtype).eps if rounding is None else rounding
        constant = high - low <= rounding * torch.maximum(low.abs(), high.abs())
        scaling.shift.copy_(torch.where(constant, low, shift))
        scaling.factor.copy_(torch.where(constant, 0.0, factor))
        return scaling

    def forward(self, x: Tensor) -> Tensor:
        """Scale data ``[..., D]``; what ``unit`` would take beyond [0, 1] is cut off."""
        told = self.factor != 0
        scaled = torch.where(told, (x - self.shift) / torch.where(told, self.factor, 1.0), 0.0)
        return scaled.clamp(0, 1) if self.kind == "unit" else scaled

    def undo(self, x: Tensor) -> Tensor:
        """Take scaled data ``[..., D]`` back to the units that they came in."""
        return x * self.factor + self.shift

    def extra_repr(self) -> str:
        """Show the kind in ``repr``."""
        return f"kind={self.kind}, features={len(self.shift)}"


def _unit(x: Tensor) -> tuple[Tensor, Tensor]:
    low, high = x.aminmax(dim=0)
    return low, high - low


def _standard(x: Tensor) -> tuple[Tensor, Tensor]:
    return x.mean(0), x.std(0, correction=0)


FITS: Mapping[str, Callable[[Tensor], tuple[Tensor, Tensor]]] = {
    "unit": _unit,
    "standard": _standard,
}
"""From training data ``[n, D]`` to shift and factor, both ``[D]``."""
