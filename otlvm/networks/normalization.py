"""How hidden layers are normalised: by the batch, within each image, or not at all."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Literal

from torch import nn

Normalization = Literal["batch", "layer", "none"]

DENSE: Mapping[Normalization, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm1d,
    "layer": nn.LayerNorm,
    "none": nn.Identity,
}
"""By the layer's width; inputs are ``[n, width]``."""
CONVOLUTION: Mapping[Normalization, Callable[[int], nn.Module]] = {
    "batch": nn.BatchNorm2d,
    "layer": partial(nn.GroupNorm, 1),
    "none": nn.Identity,
}
"""By the number of channels; inputs are ``[n, channels, height, width]``."""
COMPONENTS: Mapping[Normalization, Callable[[int, int], nn.Module]] = {
    "batch": lambda n_components, width: nn.BatchNorm1d(n_components * width),
    "layer": lambda n_components, width: nn.GroupNorm(n_components, n_components * width),
    "none": nn.Identity,
}
"""By K and the width of each component's layer; inputs are ``[n, K * width]``."""
