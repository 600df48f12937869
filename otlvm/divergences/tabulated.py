"""A function of squared distances, read from a table: three look-ups for fifteen divisions."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

Profile = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From squared distances to the kernel's values and their derivatives, of the same shape."""

CELLS = 10  # 2 ** CELLS of them an octave
UNUSED_BITS = 23 - CELLS  # of the 23 bits of a float32 after the point


class Tabulated:
    r"""A smooth, decreasing function f of s >= 0 in float32; other precisions compute it.

    The derivative is interpolated linearly between the ends of cells, and the value is its integral
    from the value at the cell's middle, so that within a cell one is the other's derivative. A cell
    holds the float32 numbers that share their leading bits. It is :math:`h \le 2^{-10} s` long, so
    that the derivative is wrong by :math:`h^2 \max |f^{(3)}| / 8` at most: for a sum of
    :math:`C / (C + s)` by less than 8e-7 of itself, at any s.

    Args:
        exact: The function and its derivative.
        straight: Below it f is as good as a straight line.
        gone: Beyond it f is as good as 0.
    """

    def __init__(self, exact: Profile, straight: float, gone: float) -> None:
        self.exact = exact
        ends = torch.tensor([straight, min(gone, 1e38)], dtype=torch.float32)
        self._low, self._high = (ends.view(torch.int32) >> UNUSED_BITS).tolist()
        self._tables: dict[torch.device, list[Tensor]] = {}

    def __call__(self, squared: Tensor) -> tuple[Tensor, Tensor]:
        """Evaluate f and its derivative at squared distances of any shape."""
        if squared.dtype != torch.float32 or torch.compiler.is_compiling():
            return self.exact(squared)
        if squared.device not in self._tables:
            polynomials = _polynomials(self.exact, self._low, self._high)
            self._tables[squared.device] = [part.to(squared) for part in polynomials]
        prefixes = squared.contiguous().view(torch.int32) >> UNUSED_BITS
        cells = prefixes.clamp_(self._low, self._high).sub_(self._low).flatten().long()
        value, slope, bend = (
            part.index_select(0, cells).view_as(squared) for part in self._tables[squared.device]
        )
        slopes = torch.addcmul(slope, bend, squared)
        return value.addcmul_(slope.add_(slopes), squared, value=0.5), slopes


@lru_cache(maxsize=16)
def _polynomials(exact: Profile, low: int, high: int) -> tuple[Tensor, Tensor, Tensor]:
    """Coefficients of f = value + slope s + bend s^2 / 2 in each cell; f is 0 in the last."""
    prefixes = torch.arange(low, high + 1, dtype=torch.int32)
    edges = (prefixes << UNUSED_BITS).view(torch.float32).double()
    middles = (edges[1:] + edges[:-1]) / 2
    slopes = exact(edges)[1]
    bend = slopes.diff() / edges.diff()
    slope = slopes[:-1] - bend * edges[:-1]
    value = exact(middles)[0] - middles * (slope + bend * middles / 2)
    return pad(value, (0, 1)), pad(slope, (0, 1)), pad(bend, (0, 1))


def rescaled(profile: Profile, unit: float, height: float = 1.0) -> Profile:
    """The same function of ``squared / unit``, times ``height``."""

    def of_ratio(squared: Tensor) -> tuple[Tensor, Tensor]:
        values, slopes = profile(squared / unit)
        return values * height, slopes * (height / unit)

    return profile if unit == height == 1 else of_ratio


def evaluate(profile: Profile, squared: Tensor) -> Tensor:
    """Values of a profile, differentiable once in the squared distances."""
    return uncompiled(_Evaluate, squared)(profile, squared)


def uncompiled(function: type[torch.autograd.Function], x: Tensor) -> Callable[..., Tensor]:
    """Apply a function; on a CPU as it is, also amid a compiled graph.

    There look-ups are faster than compiled divisions, and compiled look-ups are slow.
    """
    if torch.compiler.is_compiling() and x.device.type == "cpu":
        return torch.compiler.disable(function.apply)  # type: ignore[no-any-return, no-untyped-call]
    return function.apply  # type: ignore[no-any-return]


class _Evaluate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, profile: Profile, squared: Tensor) -> Tensor:
        values, slopes = profile(squared)
        ctx.save_for_backward(slopes)
        return values

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor]:
        return None, grad * ctx.saved_tensors[0]
