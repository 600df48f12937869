"""Dense networks: small enough to train on a CPU."""

import itertools
import math
from collections.abc import Sequence

from torch import nn

from otlvm.networks.base import Network, networks
from otlvm.networks.components import ComponentNets


@networks.register("mlp")
class MLP(Network):
    """Dense classifier and decoder beside the paper's component nets.

    Batch norm and ReLU follow each hidden layer of the encoders, ReLU alone those of the decoder.

    Args:
        image_shape: Channels, height and width.
        n_components: K.
        dim: d, the dimension of z.
        hidden: Widths of the classifier's hidden layers; the decoder has them in reverse.
        component_hidden: Widths of the hidden layers of each component net.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_components: int,
        dim: int,
        hidden: Sequence[int] = (512, 512),
        component_hidden: Sequence[int] = (32, 32),
    ) -> None:
        pixels = math.prod(image_shape)
        super().__init__(
            dense((pixels, *hidden, n_components), batch_norm=True),
            ComponentNets(pixels, n_components, dim, component_hidden),
            dense((dim, *reversed(hidden), pixels), batch_norm=True),
        )


def dense(widths: Sequence[int], batch_norm: bool) -> nn.Sequential:
    """Linear layers of the given widths, with ReLU, and batch norm if asked, in between."""
    layers: list[nn.Module] = []
    for width_in, width_out in itertools.pairwise(widths[:-1]):
        layers.append(nn.Linear(width_in, width_out))
        if batch_norm:
            layers.append(nn.BatchNorm1d(width_out))
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.Linear(widths[-2], widths[-1]))
