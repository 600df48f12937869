"""The paper's encoders with a dense decoder: most of the paper at a small part of its cost."""

import math
from collections.abc import Sequence

from otlvm.networks.base import Network, networks
from otlvm.networks.components import ComponentNets
from otlvm.networks.inits import PYTORCH, Init
from otlvm.networks.mlp import dense
from otlvm.networks.normalization import DENSE, Normalization
from otlvm.networks.paper_conv import conv_classifier
from otlvm.networks.std import Std


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
        classifier_normalization: After the classifier's hidden layers: by the batch, within each
            image, or none.
        component_normalization: After those of the component nets, each component by itself.
        decoder_normalization: After those of the decoder.
        std: How the component nets' output becomes sigma: a softplus, or the root of a softplus or
            of an exponential.
        init: What the weights are before training.

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
        classifier_normalization: Normalization = "batch",
        component_normalization: Normalization = "batch",
        decoder_normalization: Normalization = "batch",
        std: Std = "softplus",
        init: Init = PYTORCH,
    ) -> None:
        pixels = math.prod(image_shape)
        super().__init__(
            conv_classifier(image_shape, n_components, encoder_filters, classifier_normalization),
            ComponentNets(
                pixels, n_components, dim, component_hidden, component_normalization, std
            ),
            dense((dim, *hidden, pixels), DENSE[decoder_normalization]),
        )
        init.apply(self)
