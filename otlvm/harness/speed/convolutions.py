"""How near the decoder's transposed convolutions come to the rate of a matrix product."""

import statistics
import time
from collections.abc import Mapping

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pad

from otlvm.harness.speed.ratios import Call
from otlvm.networks import TransposedConvolution
from otlvm.networks.paper_conv import conv_decoder

CODES, SIDE = 100, 1024
FILTERS = (16, 128)
TYPES = (torch.float32, torch.bfloat16)
TAPS = torch.tensor([[4, 2, 0], [5, 3, 1]])
"""Of five taps of stride 2: those that even places are a sum over, and those of odd ones."""


def measure_convolutions(repetitions: int = 9) -> pd.DataFrame:
    """Measure each pass of each transposed convolution of `paper_conv`, beside a matrix product.

    On one thread, all passes of a layer in turn. A rewriting is here for its speed: the forward
    pass as a convolution of stride 1 (`sub_pixel`).

    Args:
        repetitions: Of which the median is taken.

    Returns:
        Columns ``filters`` of the decoder, ``layer`` as channels in and out, ``precision``,
        ``what``, CPU time ``ms``, ``gflops`` a second, and ``share`` of the matrix product's.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        rows = [
            row
            for filters in FILTERS
            for layer in _layers(filters)
            for dtype in TYPES
            for row in _rows(filters, layer, dtype, repetitions)
        ]
    finally:
        torch.set_num_threads(threads)
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
    filters: int,
    place: tuple[TransposedConvolution, int],
    dtype: torch.dtype,
    repetitions: int,
) -> list[dict[str, object]]:
    layer, side = place
    ours = layer.to(dtype)
    usual = nn.ConvTranspose2d(
        ours.in_channels, ours.out_channels, 5, stride=2, padding=2, output_padding=1
    )
    usual.load_state_dict(ours.state_dict())
    usual = usual.to(dtype).to(memory_format=torch.channels_last)
    calls, once = _calls(ours, usual, side), 2 * CODES * side**2 * ours.weight.numel()
    work = {what: once * (2 if "whole" in what else 1) for what in calls}
    a, b = torch.randn(SIDE, SIDE).to(dtype), torch.randn(SIDE, SIDE).to(dtype)
    calls["matrix product"], work["matrix product"] = lambda: a @ b, 2 * SIDE**3
    seconds = _medians(calls, repetitions)
    rates = {what: work[what] / seconds[what] / 1e9 for what in calls}
    return [
        {
            "filters": filters,
            "layer": f"{ours.in_channels} to {ours.out_channels}",
            "precision": str(dtype).removeprefix("torch."),
            "what": what,
            "ms": 1000 * seconds[what],
            "gflops": rates[what],
            "share": rates[what] / rates["matrix product"],
        }
        for what in calls
    ]


def _calls(ours: TransposedConvolution, usual: nn.ConvTranspose2d, side: int) -> dict[str, Call]:
    weight, bias = ours.weight, ours.bias
    x = torch.randn(CODES, side, side, ours.in_channels).to(weight.dtype).permute(0, 3, 1, 2)
    x.requires_grad_()
    made, made_usually = ours(x), usual(x)
    towards = torch.randn_like(made)

    def back(images: Tensor, *inputs: Tensor) -> Call:
        return lambda: torch.autograd.grad(images, inputs, towards, retain_graph=True)

    return {
        "forward": lambda: ours(x),
        "forward, sub-pixel": lambda: sub_pixel(x, weight, bias),
        "gradient of inputs": back(made, x),
        "gradient of weights": back(made, weight),
        "whole backward": back(made, x, weight, bias),
        "whole backward, torch's": back(made_usually, x, *usual.parameters()),
    }


def _medians(calls: Mapping[str, Call], repetitions: int) -> dict[str, float]:
    """Median seconds of the processor for each call, taken in turn."""
    seconds: dict[str, list[float]] = {what: [] for what in calls}
    for call in calls.values():
        call()
    for _ in range(repetitions):
        for what, call in calls.items():
            started = time.process_time()
            call()
            seconds[what].append(time.process_time() - started)
    return {what: statistics.median(found) for what, found in seconds.items()}
