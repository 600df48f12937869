"""The nets of q(z|k, x): K small dense nets, one a component, run as batched matmuls."""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from otlvm.networks.normalization import COMPONENTS, Normalization
from otlvm.networks.products import product
from otlvm.networks.std import STDS, Std

MOST_UNITS = 1_000_000
"""Of a layer: more, times the layer before, fit no memory."""


class ComponentLinear(nn.Module):
    """K independent linear layers.

    Args:
        n_components: K.
        in_features: Inputs of each layer.
        out_features: Outputs of each layer.
    """

    def __init__(self, n_components: int, in_features: int, out_features: int) -> None:
        super().__init__()
        bound = in_features**-0.5  # as torch.nn.Linear
        shape = (n_components, in_features, out_features)
        self.weight = nn.Parameter(torch.empty(shape).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(n_components, out_features).uniform_(-bound, bound))

    def forward(self, h: Tensor) -> Tensor:
        """Map ``[n, in]`` (shared by all components) or ``[n, K, in]`` to ``[n, K, out]``."""
        if len(self.weight) == 1:
            return (product(h.flatten(1), self.weight[0].T) + self.bias).unsqueeze(1)
        equation = "ni,kio->nko" if h.dim() == 2 else "nki,kio->nko"
        return torch.einsum(equation, h, self.weight) + self.bias

    def extra_repr(self) -> str:
        """Show the sizes in ``repr``."""
        return "n_components={}, in_features={}, out_features={}".format(*self.weight.shape)


def check_widths(widths: Sequence[int]) -> None:
    """Refuse layers of no unit, through which nothing passes, and of more than machines hold.

    Raises:
        ValueError: If a width is not positive, or larger than a million.
    """
    for width in widths:
        if not 1 <= width <= MOST_UNITS:
            raise ValueError(f"a layer has 1 to {MOST_UNITS:,} units, not {width}")


class ComponentNets(nn.Module):
    """For each k a dense net from the pixels to (mu_k, sigma_k).

    Normalisation and ReLU follow each hidden layer. Source: Gaujac, Feige and Barber (2021),
    Sec. 3.

    Args:
        in_features: D, the number of pixels.
        n_components: K.
        dim: d, the dimension of z.
        hidden: Widths of the hidden layers.
        normalization: How they are normalised, each component's by itself.
        std: How raw outputs become sigma.
    """

    def __init__(
        self,
        in_features: int,
        n_components: int,
        dim: int,
        hidden: Sequence[int] = (32, 32),
        normalization: Normalization = "batch",
        std: Std = "softplus",
    ) -> None:
        super().__init__()
        widths = (in_features, *hidden)
        check_widths(widths)
        pairs = list(itertools.pairwise(widths))
        self.layers = nn.ModuleList([ComponentLinear(n_components, i, o) for i, o in pairs])
        self.norms = nn.ModuleList([COMPONENTS[normalization](n_components, o) for _, o in pairs])
        self.output = ComponentLinear(n_components, widths[-1], 2 * dim)
        self.std = STDS[std]()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map images ``[n, D]`` to means and standard deviations, both ``[n, K, d]``."""
        h = x
        for layer, norm in zip(self.layers, self.norms, strict=True):
            h = layer(h)
            h = torch.relu(norm(h.flatten(1)).view_as(h))
        mean, raw = self.output(h).chunk(2, dim=-1)
        return mean, self.std(raw)
