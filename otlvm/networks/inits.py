"""What the weights of a network are before anything is learnt."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from otlvm.networks.components import ComponentLinear
from otlvm.registry import Registry


class Init(ABC):
    """A way to set the weights of a network that has just been built."""

    @abstractmethod
    def apply(self, network: nn.Module) -> None:
        """Set the weights, in place, by torch's random state. Normalisation stays as it is."""


inits: Registry[Init] = Registry("init", Init)


@inits.register("pytorch")
class PyTorch(Init):
    """As PyTorch builds layers: uniform, by the number of inputs, biases too."""

    def apply(self, network: nn.Module) -> None:
        """Leave everything as it was built."""


class LayerInit(Init):
    """An init that sets the weights of each layer by its shape; biases become zero."""

    @torch.no_grad()
    def apply(self, network: nn.Module) -> None:
        """Set linear layers and convolutions; see `Init.apply`."""
        for layer in network.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                self.fill(layer.weight)
            elif isinstance(layer, ComponentLinear):
                for weight in layer.weight.unbind():
                    self.fill(weight)
            else:
                continue
            if layer.bias is not None:
                layer.bias.zero_()

    @abstractmethod
    def fill(self, weight: Tensor) -> None:
        """Set the weights ``[a, b, ...]`` of one layer, between a and b features, in place."""


@inits.register("truncated_normal")
class TruncatedNormal(LayerInit):
    """Weights from a normal distribution, none beyond two standard deviations; biases zero.

    As the paper's code had it in 2018, with 0.01.

    Args:
        std: Standard deviation of the normal distribution that is cut.

    Raises:
        ValueError: If ``std`` is not positive.
    """

    def __init__(self, std: float = 0.01) -> None:
        if std <= 0:
            raise ValueError("std must be positive")
        self.std = std

    def fill(self, weight: Tensor) -> None:
        """Draw; see `LayerInit.fill`."""
        nn.init.trunc_normal_(weight, std=self.std, a=-2 * self.std, b=2 * self.std)


@inits.register("glorot")
class Glorot(LayerInit):
    """Uniform weights whose variance is 2 / (inputs + outputs); biases zero.

    Source: Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural
    networks* (2010), eq. 16. The paper's code had it in 2021.
    """

    def fill(self, weight: Tensor) -> None:
        """Draw; see `LayerInit.fill`."""
        nn.init.xavier_uniform_(weight)


PYTORCH = PyTorch()
