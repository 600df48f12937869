"""Weighted sums of a radial kernel over all pairs of two clouds, value and gradient in one pass.

Written out by hand because this is the hot spot of training on a CPU: autograd would keep every
intermediate matrix of every bandwidth. Here the pairs are visited in blocks that fit a CPU's
cache, each block's derivative is used up while it is there, and nothing of size n x m survives.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Profile = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From squared distances to the kernel's values and their derivatives, of the same shape."""

CPU_BLOCK = 1 << 17
GPU_BLOCK = 1 << 25


def kernel_sum(profile: Profile, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
    r"""Sum :math:`\sum_{ij} a_i b_j k(|x_i - y_j|^2)` over all pairs.

    Differentiable once, in all four clouds' arguments.

    Args:
        profile: The kernel, as a function of the squared distance.
        x: Points, with shape ``[n, d]``.
        a: Weights, with shape ``[n]``.
        y: Points, with shape ``[m, d]``.
        b: Weights, with shape ``[m]``.
    """
    return _CrossSum.apply(profile, x, a, y, b)  # type: ignore[no-any-return]


def kernel_self_sum(profile: Profile, x: Tensor, a: Tensor, group: int) -> Tensor:
    r"""Sum :math:`\sum_{ij} a_i a_j k(|x_i - x_j|^2)` over all pairs of different groups.

    The kernel is symmetric, so each pair is visited once.

    Args:
        profile: The kernel, as a function of the squared distance.
        x: Points, with shape ``[n, d]``.
        a: Weights, with shape ``[n]``.
        group: Length of a group of neighbouring rows; ``n`` is a multiple of it.
    """
    return _SelfSum.apply(profile, x, a, group)  # type: ignore[no-any-return]


def _rows_per_block(x: Tensor, columns: int) -> int:
    block = GPU_BLOCK if x.is_cuda else CPU_BLOCK
    return max(1, block // columns)


def _squared_distances(x: Tensor, y: Tensor) -> Tensor:
    squares = torch.addmm(y.square().sum(1), x, y.T, alpha=-2)
    return squares.add_(x.square().sum(1, keepdim=True)).clamp_(min=0)


class _CrossSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, profile: Profile, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        total = x.new_zeros(())
        grad_x, grad_a = torch.empty_like(x), torch.empty_like(a)
        grad_y, grad_b = torch.zeros_like(y), torch.zeros_like(b)
        rows = _rows_per_block(x, len(y))
        for start in range(0, len(x), rows):
            part = slice(start, start + rows)
            values, slopes = profile(_squared_distances(x[part], y))
            torch.mv(values, b, out=grad_a[part])
            grad_b += values.T @ a[part]
            total += grad_a[part] @ a[part]
            force = slopes.mul_(a[part, None]).mul_(b)
            grad_x[part] = 2 * (force.sum(1, keepdim=True) * x[part] - force @ y)
            if ctx.needs_input_grad[3]:
                grad_y += 2 * (force.sum(0)[:, None] * y - force.T @ x[part])
        ctx.save_for_backward(grad_x, grad_a, grad_y, grad_b)
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return (None, *(grad * saved for saved in ctx.saved_tensors))


class _SelfSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, profile: Profile, x: Tensor, a: Tensor, group: int) -> Tensor:
        total = x.new_zeros(())
        grad_x, grad_a = torch.zeros_like(x), torch.zeros_like(a)
        rows = max(1, _rows_per_block(x, len(x)) // group) * group
        for start in range(0, len(x), rows):
            part, rest = slice(start, start + rows), slice(start, None)
            values, slopes = profile(_squared_distances(x[part], x[rest]))
            # The square on the diagonal holds each of its pairs twice, so it counts half.
            height = len(values)
            index = torch.arange(height, device=x.device) // group
            half = 0.5 * (index[:, None] != index).to(x.dtype)
            values[:, :height] *= half
            slopes[:, :height] *= half
            by_row = values @ a[rest]
            total += 2 * (by_row @ a[part])
            grad_a[part] += 2 * by_row
            grad_a[rest] += 2 * (values.T @ a[part])
            force = slopes.mul_(a[part, None]).mul_(a[rest])
            grad_x[part] += 4 * (force.sum(1, keepdim=True) * x[part] - force @ x[rest])
            grad_x[rest] += 4 * (force.sum(0)[:, None] * x[rest] - force.T @ x[part])
        ctx.save_for_backward(grad_x, grad_a)
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        grad_x, grad_a = ctx.saved_tensors
        return None, grad * grad_x, grad * grad_a, None
