"""Matrix products by oneDNN where torch's own are slow.

On CPUs torch takes the products of float32 matrices from MKL, which on processors of AMD reaches
half the rate of oneDNN, the library that torch has for convolutions.
"""

import platform
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Function

SLOW_FOR_MKL = "AuthenticAMD"
LEAST = 4_000_000
"""Multiplications: of fewer, the call takes longer than is gained."""
CPU_FACTS = Path("/proc/cpuinfo")


class Linear(nn.Linear):
    """A linear layer as torch's, with the faster product."""

    def forward(self, x: Tensor) -> Tensor:
        """Map ``[..., in]`` to ``[..., out]``."""
        if self.bias is None or not taken(x, self.weight):
            return super().forward(x)
        return product(x, self.weight) + self.bias


def product(a: Tensor, b: Tensor) -> Tensor:
    """Multiply matrices ``[n, i]`` and ``[o, i]``: a b^T, by oneDNN where `taken` says so."""
    if not taken(a, b):
        return a @ b.T
    by_onednn: Tensor = _Product.apply(_dense(a), _dense(b))
    return by_onednn


def _dense(a: Tensor) -> Tensor:
    """Copy a matrix with gaps, such as some columns of another: oneDNN takes 50 times as long."""
    return a if a.is_contiguous() or a.T.is_contiguous() else a.contiguous()


def taken(a: Tensor, b: Tensor) -> bool:
    """Tell whether a product is oneDNN's: large matrices of float32, on such a CPU.

    What `torch.compile` makes, and autocast to bfloat16, choose for themselves.
    """
    return (
        not torch.compiler.is_compiling()
        and a.dtype == torch.float32
        and a.device.type == "cpu"
        and a.dim() == 2
        and a.numel() * len(b) >= LEAST
        and _faster_here()
        and not torch.is_autocast_enabled("cpu")
    )


def counted() -> dict[Any, Callable[..., int]]:
    """Return what torch's counter of operations has to know of these products."""
    return {_operation(): _count} if _faster_here() else {}


def _count(a: Sequence[int], b: Sequence[int], *_: Any, **__: Any) -> int:
    """Count the operations of matrices of shapes ``[n, i]`` and ``[o, i]``."""
    return 2 * a[0] * a[1] * b[0]


def _operation() -> Any:
    """Return oneDNN's product as torch has it: what its compiler makes linear layers of."""
    return torch.ops.mkldnn._linear_pointwise


class _Product(Function):
    """a b^T, and the same for its gradients."""

    @staticmethod
    def forward(a: Tensor, b: Tensor) -> Tensor:
        found: Tensor = _operation()(a, b, None, "none", [], "")
        return found

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        a, b = ctx.saved_tensors
        return (
            product(gradient, b.T) if ctx.needs_input_grad[0] else None,
            product(gradient.T, a.T) if ctx.needs_input_grad[1] else None,
        )


@cache
def _faster_here() -> bool:
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    slow = torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    return bool(
        there
        and slow
        and SLOW_FOR_MKL in _vendor()
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
    )


def _vendor() -> str:
    if sys.platform == "linux" and CPU_FACTS.is_file():
        lines = CPU_FACTS.read_text(encoding="utf-8").splitlines()
        return next((line for line in lines if line.startswith("vendor_id")), "")
    return platform.processor()
