"""Weighted sums of a radial kernel over all pairs of two clouds, value and gradient in one pass.

Written out by hand because this is the hot spot of training on a CPU: autograd would keep every
intermediate matrix of every bandwidth. Here the pairs are visited in blocks that fit a CPU's
cache, each block's derivative is used up while it is there, and nothing of size n x m survives:
memory is that of one block, whatever the size of the clouds. Squared distances come from products,
which lose digits far from the origin, so that clouds are moved there first: no distance changes.
"""

from typing import Any

import torch
from torch import Tensor

from otlvm.divergences.tabulated import Profile

CPU_BLOCK = 1 << 18
GPU_BLOCK = 1 << 25


def kernel_sum(profile: Profile, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
    r"""Sum :math:`\sum_{cij} a_{ci} b_{cj} k(|x_{ci} - y_{cj}|^2)` over all pairs of a cloud.

    Differentiable once, in all four clouds' arguments.

    Args:
        profile: The kernel, as a function of the squared distance.
        x: Points of each of c clouds, with shape ``[c, n, d]``.
        a: Weights, with shape ``[c, n]``.
        y: Points, with shape ``[c, m, d]``.
        b: Weights, with shape ``[c, m]``.
    """
    return _CrossSum.apply(profile, x, a, y, b)  # type: ignore[no-any-return]


def kernel_self_sum(profile: Profile, x: Tensor, a: Tensor, group: int) -> Tensor:
    r"""Sum :math:`\sum_{cij} a_{ci} a_{cj} k(|x_{ci} - x_{cj}|^2)` over pairs of different groups.

    The kernel is symmetric, so each pair of blocks is visited once.

    Args:
        profile: The kernel, as a function of the squared distance.
        x: Points of each of c clouds, with shape ``[c, n, d]``.
        a: Weights, with shape ``[c, n]``.
        group: Length of a group of neighbouring rows, which divides ``n``; 0 leaves no pair out.
    """
    return _SelfSum.apply(profile, x, a, group)  # type: ignore[no-any-return]


def _rows_per_block(x: Tensor, columns: int) -> int:
    block = GPU_BLOCK if x.is_cuda else CPU_BLOCK
    return max(1, block // (len(x) * columns))


def _squared_distances(x: Tensor, y: Tensor) -> Tensor:
    squares = torch.baddbmm(y.square().sum(2).unsqueeze(1), x, y.mT, alpha=-2)
    return squares.add_(x.square().sum(2, keepdim=True)).clamp_(min=0)


def _apply(matrix: Tensor, vector: Tensor) -> Tensor:
    return (matrix @ vector.unsqueeze(2)).squeeze(2)


def _pull(force: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Sum over y of force times twice (x - y): the gradient of the squared distances."""
    return 2 * (force.sum(2, keepdim=True) * x - force @ y)


class _CrossSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, profile: Profile, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        centre = y.mean(1, keepdim=True)
        x, y = x - centre, y - centre
        grad_x, grad_a = torch.empty_like(x), torch.empty_like(a)
        grad_y, grad_b = torch.zeros_like(y), torch.zeros_like(b)
        rows = _rows_per_block(x, y.shape[1])
        for start in range(0, x.shape[1], rows):
            part = slice(start, start + rows)
            values, slopes = profile(_squared_distances(x[:, part], y))
            grad_a[:, part] = _apply(values, b)
            grad_b += _apply(values.mT, a[:, part])
            force = slopes.mul_(a[:, part, None]).mul_(b.unsqueeze(1))
            grad_x[:, part] = _pull(force, x[:, part], y)
            if ctx.needs_input_grad[3]:
                grad_y += _pull(force.mT, y, x[:, part])
        ctx.save_for_backward(grad_x, grad_a, grad_y, grad_b)
        return (a * grad_a).sum()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return (None, *(grad * saved for saved in ctx.saved_tensors))


class _SelfSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, profile: Profile, x: Tensor, a: Tensor, group: int) -> Tensor:
        x = x - x.mean(1, keepdim=True)
        grad_x, grad_a = torch.zeros_like(x), torch.zeros_like(a)
        size = x.shape[1]
        rows = _rows_per_block(x, size)
        if group:
            rows = max(1, rows // group) * group
        for start in range(0, size, rows):
            part, rest = slice(start, start + rows), slice(start, None)
            squared = _squared_distances(x[:, part], x[:, rest])
            squared.diagonal(dim1=1, dim2=2).zero_()  # a point's distance to itself, exactly
            values, slopes = profile(squared)
            # The square on the diagonal holds each of its pairs twice, so it counts half.
            height = values.shape[1]
            half = values.new_full((height, height), 0.5)
            if group:
                index = torch.arange(height, device=x.device) // group
                half *= index[:, None] != index
            values[:, :, :height] *= half
            slopes[:, :, :height] *= half
            grad_a[:, part] += 2 * _apply(values, a[:, rest])
            grad_a[:, rest] += 2 * _apply(values.mT, a[:, part])
            force = slopes.mul_(a[:, part, None]).mul_(a[:, None, rest])
            grad_x[:, part] += 2 * _pull(force, x[:, part], x[:, rest])
            grad_x[:, rest] += 2 * _pull(force.mT, x[:, rest], x[:, part])
        ctx.save_for_backward(grad_x, grad_a)
        return 0.5 * (a * grad_a).sum()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        grad_x, grad_a = ctx.saved_tensors
        return None, grad * grad_x, grad * grad_a, None
