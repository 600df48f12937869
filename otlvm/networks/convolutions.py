"""Convolutions that take the gradient of their bias by a sum of its own.

oneDNN's backward pass of a convolution, which torch takes on CPUs, spends more on the bias than on
all weights where channels are few: of a transposed convolution from 32 to 16 channels, half of the
whole pass. The sum is a small part of that.
"""

from typing import Any, cast

from torch import Tensor, nn
from torch.autograd import Function
from torch.nn.functional import conv_transpose2d


class _BiasGradient(Function):
    """Images that have a bias already, ``[n, C, h, w]``, and the bias' gradient."""

    @staticmethod
    def forward(x: Tensor, bias: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Keep nothing."""

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        return gradient, gradient.sum((0, 2, 3))


class Convolution(nn.Conv2d):
    """A convolution with a bias, as torch's but for the way its gradient is computed."""

    bias: nn.Parameter

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``[n, in, h, w]`` to ``[n, out, h', w']``."""
        images = self._conv_forward(x, self.weight, self.bias.detach())
        return _with_gradient(images, self.bias)


class TransposedConvolution(nn.ConvTranspose2d):
    """A transposed convolution with a bias, as torch's but for the way its gradient is computed."""

    bias: nn.Parameter

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """Map images ``[n, in, h, w]`` to ``[n, out, h', w']``."""
        images = conv_transpose2d(
            x,
            self.weight,
            self.bias.detach(),
            self.stride,
            cast(tuple[int, ...], self.padding),
            self.output_padding,
            self.groups,
            self.dilation,
        )
        return _with_gradient(images, self.bias)


def _with_gradient(images: Tensor, bias: Tensor) -> Tensor:
    images_and_gradient: Tensor = _BiasGradient.apply(images, bias)
    return images_and_gradient
