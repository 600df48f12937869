"""The dense networks of deep clustering: three widening layers, then the code, and back."""

import math
from collections.abc import Sequence

from otlvm.networks.base import Network, networks
from otlvm.networks.components import ComponentNets
from otlvm.networks.inits import PYTORCH, Init
from otlvm.networks.mlp import dense
from otlvm.networks.normalization import DENSE, Normalization
from otlvm.networks.std import Std


@networks.register("stacked")
class Stacked(Network):
    """The networks of DEC and VaDE: 500-500-2000 to the code, and back.

    Only ReLU follows a hidden layer, unless asked otherwise. Classifier and component nets have
    the same widths; where z does not depend on k there is one component net, as in VaDE, and with
    the paper's inference there are K of them. Sources: Xie, Girshick and Farhadi, *Unsupervised
    deep embedding for clustering analysis* (2016); Jiang et al., *Variational deep embedding*
    (2017), whose output is the logarithm of the variance.

    Args:
        image_shape: Channels, height and width.
        n_components: K.
        dim: d, the dimension of z.
        hidden: Widths of the hidden layers from the image to the code; the decoder has them in
            reverse.
        classifier_normalization: After the classifier's hidden layers: by the batch, within each
            image, or none.
        component_normalization: After those of the component nets, each component by itself.
        decoder_normalization: After those of the decoder.
        std: How the component nets' output becomes sigma: a softplus, or the root of a softplus or
            of an exponential.
        init: What the weights are before training.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_components: int,
        dim: int,
        hidden: Sequence[int] = (500, 500, 2000),
        classifier_normalization: Normalization = "none",
        component_normalization: Normalization = "none",
        decoder_normalization: Normalization = "none",
        std: Std = "exp_variance",
        init: Init = PYTORCH,
    ) -> None:
        pixels = math.prod(image_shape)
        super().__init__(
            dense((pixels, *hidden, n_components), DENSE[classifier_normalization]),
            ComponentNets(pixels, n_components, dim, hidden, component_normalization, std),
            dense((dim, *reversed(hidden), pixels), DENSE[decoder_normalization]),
        )
        init.apply(self)
