"""The convolutional networks of the paper."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from otlvm.networks.base import Network, networks
from otlvm.networks.components import ComponentNets
from otlvm.networks.convolutions import Convolution, TransposedConvolution
from otlvm.networks.inits import PYTORCH, Init
from otlvm.networks.normalization import CONVOLUTION, Normalization
from otlvm.networks.products import Linear
from otlvm.networks.std import Std


@networks.register("paper_conv")
class PaperConv(Network):
    """DCGAN-style classifier and decoder, dense component nets.

    Classifier: three 5x5 convolutions of stride 2, the largest with 64 filters, and a linear
    layer. Decoder: a linear layer, two 5x5 transpose convolutions of stride 2, the smallest with
    128 filters, and a 1x1 convolution. Batch norm (by default) and ReLU follow each hidden layer.
    Source: Gaujac, Feige and Barber (2021), Sec. 3; Radford et al. (2015).

    Args:
        image_shape: Channels, height and width.
        n_components: K.
        dim: d, the dimension of z.
        encoder_filters: Filters of the classifier's last, largest convolution; each has twice those
            of the one before.
        decoder_filters: Filters of the decoder's last, smallest transpose convolution.
        component_hidden: Widths of the hidden layers of each component net.
        classifier_normalization: After the classifier's hidden layers: by the batch, within each
            image, or none.
        component_normalization: After those of the component nets, each component by itself.
        decoder_normalization: After those of the decoder.
        decoder_linear_normalization: After the decoder's linear layer; if not given, as after its
            others. The paper's code had none there in 2018.
        std: How the component nets' output becomes sigma: a softplus, or the root of a softplus or
            of an exponential.
        init: What the weights are before training.
        encoder_layers: Convolutions of the classifier.
        encoder_kernel: Width of their kernels.

    Raises:
        ValueError: If the filters' numbers do not divide.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_components: int,
        dim: int,
        encoder_filters: int = 64,
        decoder_filters: int = 128,
        component_hidden: Sequence[int] = (32, 32),
        classifier_normalization: Normalization = "batch",
        component_normalization: Normalization = "batch",
        decoder_normalization: Normalization = "batch",
        decoder_linear_normalization: Normalization | None = None,
        std: Std = "softplus",
        init: Init = PYTORCH,
        encoder_layers: int = 3,
        encoder_kernel: int = 5,
    ) -> None:
        if decoder_filters < 1:
            raise ValueError("decoder_filters must be positive")
        super().__init__(
            conv_classifier(
                image_shape,
                n_components,
                encoder_filters,
                classifier_normalization,
                encoder_layers,
                encoder_kernel,
            ),
            ComponentNets(
                math.prod(image_shape),
                n_components,
                dim,
                component_hidden,
                component_normalization,
                std,
            ),
            conv_decoder(
                image_shape,
                dim,
                decoder_filters,
                decoder_linear_normalization or decoder_normalization,
                decoder_normalization,
            ),
        )
        init.apply(self)


class ToImages(nn.Module):
    """Rows ``[n, C H W]`` to images ``[n, C, H, W]``, channels last in memory.

    Convolutions are faster so, on CPUs by a quarter.

    Args:
        shape: Channels, height and width.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """Reshape."""
        return x.view(-1, *self.shape).contiguous(memory_format=torch.channels_last)

    def extra_repr(self) -> str:
        """Show the shape in ``repr``."""
        return f"shape={self.shape}"


class Cut(nn.Module):
    """Images ``[n, C, h, w]`` to their upper left part ``[n, C, H, W]``.

    Two layers of stride 2 give multiples of 4, and images need not be.

    Args:
        height: H.
        width: W.
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        self.height = height
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        """Cut."""
        return x[..., : self.height, : self.width]

    def extra_repr(self) -> str:
        """Show the size in ``repr``."""
        return f"height={self.height}, width={self.width}"


def conv_classifier(
    image_shape: tuple[int, int, int],
    n_components: int,
    filters: int,
    normalization: Normalization,
    layers: int = 3,
    kernel: int = 5,
) -> nn.Module:
    """Convolutions, each with twice the filters of the one before, and a linear layer."""
    if layers < 1 or kernel < 2:
        raise ValueError("encoder_layers must be at least 1 and encoder_kernel at least 2")
    least = 2 ** (layers - 1)
    if filters < least or filters % least:
        raise ValueError(f"encoder_filters must be a multiple of {least}")
    channels, *size = image_shape
    parts: list[nn.Module] = [ToImages(image_shape)]
    for layer in reversed(range(layers)):
        out, padding = filters // 2**layer, (kernel - 1) // 2
        size = [(length + 2 * padding - kernel) // 2 + 1 for length in size]
        if min(size) < 1:
            raise ValueError(
                f"images of {image_shape[1]} x {image_shape[2]} pixels are too small for "
                f"{layers} convolutions of {kernel} x {kernel} and stride 2"
            )
        convolution = Convolution(channels, out, kernel_size=kernel, stride=2, padding=padding)
        parts += [convolution, CONVOLUTION[normalization](out), nn.ReLU()]
        channels = out
    head = Linear(channels * math.prod(size), n_components)
    return nn.Sequential(*parts, nn.Flatten(), head).to(memory_format=torch.channels_last)


def conv_decoder(
    image_shape: tuple[int, int, int],
    dim: int,
    filters: int,
    first: Normalization,
    others: Normalization,
) -> nn.Module:
    """A linear layer, two transpose convolutions and a 1x1 convolution, cut to the image's size."""
    channels, height, width = image_shape
    seed = (4 * filters, -(-height // 4), -(-width // 4))
    layers: list[nn.Module] = [
        Linear(dim, math.prod(seed)),
        ToImages(seed),
        CONVOLUTION[first](seed[0]),
        nn.ReLU(),
    ]
    for size in (4 * filters, 2 * filters):
        deconvolution = TransposedConvolution(
            size, size // 2, kernel_size=5, stride=2, padding=2, output_padding=1
        )
        layers += [deconvolution, CONVOLUTION[others](size // 2), nn.ReLU()]
    head = Convolution(filters, channels, kernel_size=1)
    layers += [head, Cut(height, width), nn.Flatten()]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)
