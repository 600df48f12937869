"""Dense networks: small enough to train on a CPU."""

import itertools
import math
from collections.abc import Callable, Sequence

from torch import nn

from otlvm.networks.base import Network, networks
from otlvm.networks.components import ComponentNets, check_widths
from otlvm.networks.inits import PYTORCH, Init
from otlvm.networks.normalization import DENSE, Normalization
from otlvm.networks.products import Linear
from otlvm.networks.std import Std


@networks.register("mlp")
class MLP(Network):
    """Dense classifier and decoder beside the paper's component nets.

    ReLU follows each hidden layer, by default after layer norm in the classifier and batch norm
    elsewhere. Batch norm in a dense classifier would centre the mean image away (convolutions,
    whose batch norm shares its mean among all places, keep it), and a VAE's components would not
    all shut off as in the paper.

    Args:
        image_shape: Channels, height and width.
        n_components: K.
        dim: d, the dimension of z.
        hidden: Widths of the classifier's hidden layers; the decoder has them in reverse.
        component_hidden: Widths of the hidden layers of each component net.
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
        hidden: Sequence[int] = (512, 512),
        component_hidden: Sequence[int] = (32, 32),
        classifier_normalization: Normalization = "layer",
        component_normalization: Normalization = "batch",
        decoder_normalization: Normalization = "batch",
        std: Std = "softplus",
        init: Init = PYTORCH,
    ) -> None:
        pixels = math.prod(image_shape)
        super().__init__(
            dense((pixels, *hidden, n_components), DENSE[classifier_normalization]),
            ComponentNets(
                pixels, n_components, dim, component_hidden, component_normalization, std
            ),
            dense((dim, *reversed(hidden), pixels), DENSE[decoder_normalization]),
        )
        init.apply(self)


def dense(widths: Sequence[int], norm: Callable[[int], nn.Module]) -> nn.Sequential:
    """Linear layers of the given widths, with normalisation and ReLU in between.

    Raises:
        ValueError: If a width is not positive.
    """
    check_widths(widths)
    layers: list[nn.Module] = []
    for width_in, width_out in itertools.pairwise(widths[:-1]):
        layers += [Linear(width_in, width_out), norm(width_out), nn.ReLU()]
    return nn.Sequential(*layers, Linear(widths[-2], widths[-1]))
