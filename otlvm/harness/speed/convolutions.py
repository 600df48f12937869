"""How near the decoder's transposed convolutions come to the rate of a matrix product."""

import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from otlvm.harness.speed.ratios import Call
from otlvm.networks import TransposedConvolution
from otlvm.networks.paper_conv import conv_decoder

CODES = 100
PRODUCT = "matrix product"
FILTERS = (16, 128)
TYPES = (torch.float32, torch.bfloat16)
TAPS = torch.tensor([[4, 2, 0], [5, 3, 1]])
"""Of five taps of stride 2: those that even places are a sum over, and those of odd ones."""


def measure_convolutions(repetitions: int = 9) -> pd.DataFrame:
    """Measure each pass of each transposed convolution of `paper_conv`, beside a matrix product.

    All passes of a layer are taken in turn. Beside ours stand torch's backward pass, the forward
    pass as a convolution of stride 1 (`sub_pixel`), and a matrix product by oneDNN, which computes
    the convolutions: torch's own, in float32, is that of MKL.

    Args:
        repetitions: Of which the median is taken.

    Returns:
        Columns ``filters`` of the decoder, ``layer`` as channels in and out, ``precision``,
        ``what``, CPU time ``ms``, ``gflops`` a second, and ``share`` of the matrix product's.
    """
    rows = [
        row
        for filters in FILTERS
        for layer, side in _layers(filters)
        for dtype in TYPES
        for row in _rows(filters, layer, side, dtype, repetitions)
    ]
    return pd.DataFrame(rows)


def sub_pixel(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Compute a transposed 5x5 convolution of stride 2 as one of stride 1 and a shuffle of pixels.

    Each place of the output is a sum over 3x3, 3x2, 2x3 or 2x2 places of the input, by whether its
    row and its column are even; with zeros, four convolutions of 3x3 in one.

    Args:
        x: Images, with shape ``[n, in, h, w]``, channels last in memory.
        weight: As that of `torch.nn.ConvTranspose2d`, ``[in, out, 5, 5]``.
        bias: Likewise, ``[out]``.

    Returns:
        A tensor with shape ``[n, out, 2 h, 2 w]``, channels last in memory.
    """
    n, _, height, width = x.shape
    out = weight.shape[1]
    parts = pad(weight, (0, 1, 0, 1))[:, :, TAPS[:, :, None, None], TAPS]  # i o 2 3 2 3
    kernels = parts.permute(2, 4, 1, 0, 3, 5).reshape(4 * out, -1, 3, 3)
    kernels = kernels.contiguous(memory_format=torch.channels_last)
    fine = conv2d(x, kernels, bias.repeat(4), padding=1).permute(0, 2, 3, 1)
    fine = fine.reshape(n, height, width, 2, 2, out).transpose(2, 3)
    return fine.reshape(n, 2 * height, 2 * width, out).permute(0, 3, 1, 2)


def _layers(filters: int) -> list[tuple[TransposedConvolution, int]]:
    """Return the decoder's transposed convolutions and the height of their inputs, for MNIST."""
    decoder = conv_decoder((1, 28, 28), 10, filters, "batch", "batch")
    layers = [layer for layer in decoder.modules() if isinstance(layer, TransposedConvolution)]
    return list(zip(layers, (7, 14), strict=True))


def _rows(
    filters: int, layer: TransposedConvolution, side: int, dtype: torch.dtype, repetitions: int
) -> list[dict[str, object]]:
    passes = [*_passes(layer.to(dtype), side), *_products(dtype)]
    seconds = _medians([each.call for each in passes], repetitions)
    rates = [each.work / taken / 1e9 for each, taken in zip(passes, seconds, strict=True)]
    product = next(rate for each, rate in zip(passes, rates, strict=True) if each.what == PRODUCT)
    return [
        {
            "filters": filters,
            "layer": f"{layer.in_channels} to {layer.out_channels}",
            "precision": str(dtype).removeprefix("torch."),
            "what": each.what,
            "ms": 1000 * taken,
            "gflops": rate,
            "share": rate / product,
        }
        for each, taken, rate in zip(passes, seconds, rates, strict=True)
    ]


class Pass(NamedTuple):
    """Something to time.

    Attributes:
        what: What it is.
        work: Its operations, a multiplication and an addition being two.
        call: Does it.
    """

    what: str
    work: float
    call: Call


def _passes(ours: TransposedConvolution, side: int) -> list[Pass]:
    weight, bias = ours.weight, ours.bias
    usual = nn.ConvTranspose2d(
        ours.in_channels, ours.out_channels, 5, stride=2, padding=2, output_padding=1
    )
    usual.load_state_dict(ours.state_dict())
    usual = usual.to(weight.dtype).to(memory_format=torch.channels_last)
    x = torch.randn(CODES, side, side, ours.in_channels).to(weight.dtype).permute(0, 3, 1, 2)
    x.requires_grad_()
    made, made_usually = ours(x), usual(x)
    towards, work = torch.randn_like(made), 2 * CODES * side**2 * weight.numel()

    def back(images: Tensor, *inputs: Tensor) -> Call:
        return lambda: torch.autograd.grad(images, inputs, towards, retain_graph=True)

    return [
        Pass("forward", work, lambda: ours(x)),
        Pass("forward, sub-pixel", work, lambda: sub_pixel(x, weight, bias)),
        Pass("gradient of inputs", work, back(made, x)),
        Pass("gradient of weights", work, back(made, weight)),
        Pass("whole backward", 2 * work, back(made, x, weight, bias)),
        Pass("whole backward, torch's", 2 * work, back(made_usually, x, *usual.parameters())),
    ]


def _products(dtype: torch.dtype) -> list[Pass]:
    """Return a product of two square matrices by torch, and by oneDNN as a 1x1 convolution."""
    a, b = torch.randn(1024, 1024).to(dtype), torch.randn(1024, 1024).to(dtype)
    images, kernels = a.view(16, 8, 8, 1024).permute(0, 3, 1, 2), b.view(1024, 1024, 1, 1)
    return [
        Pass(PRODUCT, 2 * 1024**3, lambda: a @ b),
        Pass(f"{PRODUCT}, oneDNN's", 2 * 1024**3, lambda: conv2d(images, kernels)),
    ]


def _medians(calls: Sequence[Call], repetitions: int) -> list[float]:
    """Median seconds of the processor for each call, taken in turn."""
    seconds: list[list[float]] = [[] for _ in calls]
    for call in calls:
        call()
    for _ in range(repetitions):
        for call, found in zip(calls, seconds, strict=True):
            started = time.process_time()
            call()
            found.append(time.process_time() - started)
    return [statistics.median(found) for found in seconds]
