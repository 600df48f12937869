"""Networks. To add one, write a `Network` in a file of its own and import it here."""

from otlvm.networks.base import Network, networks
from otlvm.networks.components import ComponentLinear, ComponentNets
from otlvm.networks.conv_mlp import ConvMLP
from otlvm.networks.convolutions import Convolution, TransposedConvolution
from otlvm.networks.held import hold, release
from otlvm.networks.inits import Glorot, Init, LayerInit, PyTorch, TruncatedNormal, inits
from otlvm.networks.mlp import MLP
from otlvm.networks.model import LatentMixtureModel, load
from otlvm.networks.paper_conv import PaperConv
from otlvm.networks.shared import Shared, SharedNet
from otlvm.networks.stacked import Stacked

__all__ = [
    "MLP",
    "ComponentLinear",
    "ComponentNets",
    "ConvMLP",
    "Convolution",
    "Glorot",
    "Init",
    "LatentMixtureModel",
    "LayerInit",
    "Network",
    "PaperConv",
    "PyTorch",
    "Shared",
    "SharedNet",
    "Stacked",
    "TransposedConvolution",
    "TruncatedNormal",
    "hold",
    "inits",
    "load",
    "networks",
    "release",
]
