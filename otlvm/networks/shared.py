"""One net for q(z|k, x) of all k, which is told k."""

import math
from collections.abc import Sequence
from itertools import islice
from typing import cast

from torch import Tensor, nn

from otlvm.networks.base import Network, networks
from otlvm.networks.inits import PYTORCH, Init
from otlvm.networks.mlp import dense
from otlvm.networks.normalization import DENSE, Normalization
from otlvm.networks.products import product
from otlvm.networks.std import STDS, Std


class SharedNet(nn.Module):
    """A dense net from the pixels and the one-hot k to (mu_k, sigma_k).

    What the first layer makes of the pixels is computed once for all k.

    Args:
        in_features: D, the number of pixels.
        n_components: K.
        dim: d, the dimension of z.
        hidden: Widths of the hidden layers.
        normalization: How they are normalised, over all pairs of an image and a k.
        std: How raw outputs become sigma.
    """

    def __init__(
        self,
        in_features: int,
        n_components: int,
        dim: int,
        hidden: Sequence[int] = (512, 512),
        normalization: Normalization = "none",
        std: Std = "softplus_variance",
    ) -> None:
        super().__init__()
        self.n_components = n_components
        self.net = dense((in_features + n_components, *hidden, 2 * dim), DENSE[normalization])
        self.std = STDS[std]()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map images ``[n, D]`` to means and standard deviations, both ``[n, K, d]``."""
        first, pixels = cast(nn.Linear, self.net[0]), x.shape[1]
        of_x = product(x, first.weight[:, :pixels]) + first.bias
        of_k = first.weight[:, pixels:].T  # the one-hot k picks a row
        h = (of_x.unsqueeze(1) + of_k).flatten(0, 1)
        for layer in islice(self.net, 1, None):
            h = layer(h)
        mean, raw = h.view(len(x), self.n_components, -1).chunk(2, dim=-1)
        return mean, self.std(raw)

    def extra_repr(self) -> str:
        """Show K in ``repr``."""
        return f"n_components={self.n_components}"


@networks.register("shared")
class Shared(Network):
    """Dense networks, with one net for q(z|k, x) that all components share.

    It takes the pixels and the one-hot k, so that what one component learns of images all know.
    Only ReLU follows a hidden layer, unless asked otherwise. Source: R. Shu's GM-VAE,
    github.com/RuiShu/vae-clustering; with a learned prior and the objective `vae`.

    Args:
        image_shape: Channels, height and width.
        n_components: K.
        dim: d, the dimension of z.
        hidden: Widths of the classifier's hidden layers; the decoder has them in reverse.
        component_hidden: Widths of the hidden layers of the net for q(z|k, x).
        classifier_normalization: After the classifier's hidden layers: by the batch, within each
            image, or none.
        component_normalization: After those of the net for q(z|k, x), over images and k alike.
        decoder_normalization: After those of the decoder.
        std: How that net's output becomes sigma: a softplus, or the root of a softplus or of an
            exponential.
        init: What the weights are before training.
    """

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        n_components: int,
        dim: int,
        hidden: Sequence[int] = (512, 512),
        component_hidden: Sequence[int] = (512, 512),
        classifier_normalization: Normalization = "none",
        component_normalization: Normalization = "none",
        decoder_normalization: Normalization = "none",
        std: Std = "softplus_variance",
        init: Init = PYTORCH,
    ) -> None:
        pixels = math.prod(image_shape)
        super().__init__(
            dense((pixels, *hidden, n_components), DENSE[classifier_normalization]),
            SharedNet(pixels, n_components, dim, component_hidden, component_normalization, std),
            dense((dim, *reversed(hidden), pixels), DENSE[decoder_normalization]),
        )
        init.apply(self)
