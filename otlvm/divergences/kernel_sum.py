"""Weighted sums of a radial kernel over all pairs of two clouds, value and gradient in one pass.

Written out by hand because this is the hot spot of training on a CPU: autograd would keep every
intermediate matrix of every bandwidth. Here the pairs are visited in blocks that fit a CPU's
cache, each block's derivative is used up while it is there, and nothing of size n x m survives:
memory is that of one block, whatever the size of the clouds. Pairs that weigh nothing are not
visited (`otlvm.divergences.by_mass`). Squared distances come from products, which lose digits far
from the origin, so that clouds are moved there first: no distance changes.
"""

from typing import Any

import torch
from torch import Tensor

from otlvm.divergences.by_mass import as_they_came, in_order, staircase
from otlvm.divergences.tabulated import Profile, uncompiled

CPU_BLOCK = 1 << 16
GPU_BLOCK = 1 << 25


def kernel_sum(profile: Profile, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
    r"""Sum :math:`\sum_{cij} a_{ci} b_{cj} k(|x_{ci} - y_{cj}|^2)` over all pairs of a cloud.

    Differentiable once, in all four clouds' arguments. The gradient of a weight is meant to be
    multiplied by it, as a softmax does: it lacks the pairs that weigh nothing.

    Args:
        profile: The kernel, as a function of the squared distance.
        x: Points of each of c clouds, with shape ``[c, n, d]``.
        a: Weights, none negative, with shape ``[c, n]``.
        y: Points, with shape ``[c, m, d]``.
        b: Weights, with shape ``[c, m]``.
    """
    return uncompiled(_CrossSum, x)(profile, x, a, y, b)


def kernel_self_sum(profile: Profile, x: Tensor, a: Tensor, group: int) -> Tensor:
    r"""Sum :math:`\sum_{cij} a_{ci} a_{cj} k(|x_{ci} - x_{cj}|^2)` over pairs of different groups.

    The kernel is symmetric, so each pair of blocks is visited once.

    Args:
        profile: The kernel, as a function of the squared distance.
        x: Points of each of c clouds, with shape ``[c, n, d]``.
        a: Weights, none negative, with shape ``[c, n]``.
        group: Length of a group of neighbouring rows, which divides ``n``; 0 leaves no pair out.
    """
    return uncompiled(_SelfSum, x)(profile, x, a, group)


def _cells(x: Tensor) -> int:
    return GPU_BLOCK if x.is_cuda else CPU_BLOCK


class _Cloud:
    """A cloud about the origin, in the forms in which products want it; sums of its gradients.

    Points are columns, for products of few rows and many columns are the faster ones.
    """

    def __init__(self, x: Tensor, a: Tensor) -> None:
        self.x, self.a = x.mT.contiguous(), a.unsqueeze(1)
        squares, ones = self.x.square().sum(1, keepdim=True), torch.ones_like(self.a)
        self.left = torch.cat([-2 * self.x, squares, ones], dim=1)
        self.right = torch.cat([self.x, ones, squares], dim=1)
        self.weighted = torch.cat([self.a * self.x, self.a], dim=1)
        self.field = torch.zeros_like(self.a)  # sum over others of weight times kernel
        self.pull = torch.zeros_like(self.x)  # its gradient

    def meet(
        self, here: slice, other: "_Cloud", there: slice, values: Tensor, slopes: Tensor
    ) -> None:
        """Add what points there, the rows of values and slopes, do to points here, the columns."""
        self.field[:, :, here] += other.a[:, :, there] @ values
        moments = other.weighted[:, :, there] @ slopes
        self.pull[:, :, here] += moments[:, -1:] * self.x[:, :, here] - moments[:, :-1]

    def gradients(self, order: Tensor | None, factor: float) -> tuple[Tensor, Tensor]:
        """With respect to the points ``[c, n, d]`` and weights ``[c, n]``, as they came."""
        grad_x = (2 * factor * self.a * self.pull).mT.contiguous()
        return as_they_came(grad_x, order), as_they_came(factor * self.field.squeeze(1), order)


def _squared_distances(x: _Cloud, here: slice, y: _Cloud, there: slice) -> Tensor:
    return torch.bmm(x.left[:, :, here].mT, y.right[:, :, there]).clamp_(min=0)


class _CrossSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, profile: Profile, x: Tensor, a: Tensor, y: Tensor, b: Tensor) -> Tensor:
        centre = y.mean(1, keepdim=True)
        steps = staircase(a, b)
        p = _Cloud(in_order(x - centre, steps.rows), in_order(a, steps.rows))
        q = _Cloud(in_order(y - centre, steps.columns), in_order(b, steps.columns))
        for here, there in steps.blocks(len(x), _cells(x), square=False):
            values, slopes = profile(_squared_distances(p, here, q, there))
            p.meet(here, q, there, values.mT, slopes.mT)
            q.meet(there, p, here, values, slopes)
        ctx.save_for_backward(*p.gradients(steps.rows, 1), *q.gradients(steps.columns, 1))
        return (p.a * p.field).sum()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return (None, *(grad * saved for saved in ctx.saved_tensors))


class _SelfSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, profile: Profile, x: Tensor, a: Tensor, group: int) -> Tensor:
        steps = staircase(a, a)
        order = steps.rows
        cloud = _Cloud(in_order(x - x.mean(1, keepdim=True), order), in_order(a, order))
        owners = _owners(x, order, group) if group else None
        reach = x.shape[1] if order is not None else max(0, group - 1)  # to the last of its group
        for here, there in steps.blocks(len(x), _cells(x), square=True):
            squared = _squared_distances(cloud, here, cloud, there)
            squared.diagonal(dim1=1, dim2=2).zero_()  # a point's distance to itself, exactly
            near = slice(here.start, min(here.stop + reach, there.stop))
            share = _share(squared, owners, here, near)
            kernel = profile(squared)
            for part in kernel:
                part[:, :, : share.shape[2]] *= share
            values, slopes = kernel
            cloud.meet(here, cloud, there, values.mT, slopes.mT)
            cloud.meet(there, cloud, here, values, slopes)
        ctx.save_for_backward(*cloud.gradients(order, 2))
        return (cloud.a * cloud.field).sum()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        grad_x, grad_a = ctx.saved_tensors
        return None, grad * grad_x, grad * grad_a, None


def _owners(x: Tensor, order: Tensor | None, group: int) -> Tensor:
    """The group of each point, as a number that can be subtracted, with shape ``[c or 1, n]``."""
    places = torch.arange(x.shape[1], device=x.device)[None] if order is None else order
    return (places // group).to(x.dtype)


def _share(squared: Tensor, owners: Tensor | None, here: slice, near: slice) -> Tensor:
    """How far the pairs of rows here and columns near count: those of one group do not."""
    if owners is None:
        share = torch.ones_like(squared[:1, :, : near.stop - near.start])
    else:
        apart = owners[:, here].unsqueeze(2) - owners[:, near].unsqueeze(1)
        share = apart.abs_().clamp_(max=1)
    # The square on the diagonal holds each of its pairs twice, so it counts half.
    share[:, :, : share.shape[1]] *= 0.5
    return share
