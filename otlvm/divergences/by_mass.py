r"""Which pairs of two weighted clouds count: those whose weights' product is not negligible.

Sums over pairs, :math:`\sum_{ij} a_i b_j k_{ij}`, of clouds in which few points bear nearly all
mass. With both clouds sorted from heavy to light, the pairs that count are a staircase: each row
has a last column, and the lighter the row, the earlier its column.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

TOLERANCE, ROUNDINGS = 2.5e-7, 2


def negligible(a: Tensor) -> float:
    """Share of the mean weight, or of the mean product of two, below which nothing counts.

    Two roundings of the precision at hand, 2.4e-7 in float32 and 4.4e-16 in float64; never more
    than 2.5e-7. docs/divergences.md says what follows for value and gradient.
    """
    return min(TOLERANCE, ROUNDINGS * torch.finfo(a.dtype).eps)


def choosable(a: Tensor) -> bool:
    """Whether points may be chosen by their weights: that is known at once on a CPU alone.

    Elsewhere the host would wait for the device, and a compiled graph needs fixed shapes.
    """
    return a.device.type == "cpu" and not torch.compiler.is_compiling()


@dataclass(frozen=True)
class Staircase:
    """The pairs that count.

    Attributes:
        rows: The order of the first cloud's points, with shape ``[c, n]``; None is as they come.
        columns: The order of the second's, with shape ``[c, m]``.
        ends: For each row, in that order, how many columns count.
    """

    rows: Tensor | None
    columns: Tensor | None
    ends: list[int]

    def blocks(self, clouds: int, cells: int, square: bool) -> Iterator[tuple[slice, slice]]:
        """Cover it by blocks of rows and columns.

        Args:
            clouds: c.
            cells: Most pairs in a block.
            square: Rows and columns are the same points: cover each pair once, i <= j.
        """
        start = 0
        while start < len(self.ends):
            first = start if square else 0
            width = self.ends[start] - first
            if width <= 0:
                return
            height = max(1, cells // (clouds * width))
            stop = min(start + height, self.ends[start] if square else len(self.ends))
            yield slice(start, stop), slice(first, first + width)
            start = stop


def staircase(a: Tensor, b: Tensor) -> Staircase:
    r"""Find the pairs that count: :math:`a_i b_j` is above `negligible` times the mean product.

    All pairs left out together weigh less than that share of :math:`\sum_{ij} a_i b_j`, and those
    of point i less than that share of :math:`\bar a \sum_j b_j`, :math:`\bar a` the mean weight.

    Args:
        a: Weights of c clouds, none negative, with shape ``[c, n]``.
        b: Weights of the clouds to pair them with, with shape ``[c, m]``.
    """
    if choosable(a):
        least = negligible(a) * a.mean() * b.mean()
        if a.min() * b.min() < least:
            heavy_a, rows = a.sort(dim=1, descending=True, stable=True)
            heavy_b, columns = (
                (heavy_a, rows) if b is a else b.sort(dim=1, descending=True, stable=True)
            )
            ends = torch.searchsorted(
                -heavy_b.contiguous(), -least / heavy_a.contiguous(), right=True
            )
            return Staircase(rows, columns, ends.amax(0).tolist())
    return Staircase(None, None, [b.shape[1]] * a.shape[1])


def heavy(x: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """Leave out the points of one cloud that weigh less than `negligible` of the mean weight.

    Args:
        x: Points, with shape ``[c, n, d]``; of more than one cloud all stay.
        a: Their weights, with shape ``[c, n]``.
    """
    if len(x) > 1 or not choosable(a):
        return x, a
    light = a.detach()[0] < negligible(a) * a.detach().mean()
    kept = light.logical_not().nonzero().squeeze(1)
    return (x, a) if len(kept) == a.shape[1] else (x.index_select(1, kept), a.index_select(1, kept))


def heavy_points(x: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """As `heavy`, of points ``[n, d]`` with weights ``[n]``."""
    x, a = heavy(x.unsqueeze(0), a.unsqueeze(0))
    return x.squeeze(0), a.squeeze(0)


def in_order(x: Tensor, order: Tensor | None) -> Tensor:
    """Sort points ``[c, n, ...]`` of each cloud."""
    return x if order is None else x.gather(1, _like(order, x))


def as_they_came(x: Tensor, order: Tensor | None) -> Tensor:
    """Undo `in_order`."""
    return x if order is None else torch.empty_like(x).scatter_(1, _like(order, x), x)


def _like(order: Tensor, x: Tensor) -> Tensor:
    return order if x.dim() == 2 else order.unsqueeze(2).expand_as(x)
