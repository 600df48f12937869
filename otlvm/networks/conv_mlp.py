"""The paper's encoders with a dense decoder: most of the paper at a small part of its cost."""

import math
from collections.abc import Sequence

from torch import nn

from otlvm.networks.base import Network, networks
from otlvm.networks.components import ComponentNets
from otlvm.networks.mlp import dense
from otlvm.networks.paper_conv import conv_classifier


@networks.register("conv_mlp")
class ConvMLP(Network):
    """The encoders of paper_conv and the decoder of mlp.

    The exact expectation over k decodes K codes an image, so the decoder, not the encoder, is
    what a CPU cannot afford.

    Args:
        image_shape: Channels, height and width.
        n_components: K.
        dim: d, the dimension of z.
        encoder_filters: Filters of the classifier's last, largest convolution; a multiple of 4.
        hidden: Widths of the decoder's hidden layers, from the code to the image.
        component_hidden: Widths of the hidden layers of each component net.

    Raises:
        ValueError: If ``encoder_filters`` is not a multiple of 4.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_components: int,
        dim: int,
        encoder_filters: int = 64,
        hidden: Sequence[int] = (256, 256),
        component_hidden: Sequence[int] = (32, 32),
    ) -> None:
        pixels = math.prod(image_shape)
        super().__init__(
            conv_classifier(image_shape, n_components, encoder_filters),
            ComponentNets(pixels, n_components, dim, component_hidden),
            dense((dim, *hidden, pixels), nn.BatchNorm1d),
        )
