"""What a baseline clusters: pixels, or the codes of a plain autoencoder."""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from otlvm.data import Dataset
from otlvm.networks.mlp import dense
from otlvm.registry import Registry
from otlvm.training.batches import batches

BATCH = 5000


class Features(ABC):
    """A map of images to vectors, fitted to training images alone."""

    @abstractmethod
    def extract(self, data: Dataset) -> tuple[Tensor, Tensor]:
        """Return features of the training and held-out images, ``[n, f]`` and ``[m, f]``."""


features: Registry[Features] = Registry("feature", Features)


@features.register("pixels")
class Pixels(Features):
    """The images themselves."""

    def extract(self, data: Dataset) -> tuple[Tensor, Tensor]:
        """Return the images; see `Features.extract`."""
        return data.x_train, data.x_test


@features.register("autoencoder")
class Autoencoder(Features):
    """Codes of a plain autoencoder: dense layers, batch norm, Bernoulli loss, no latent prior.

    What a mixture model has to beat to have earned its discrete latent.

    Args:
        dim: Dimension of the codes.
        hidden: Widths of the encoder's hidden layers; the decoder has them in reverse.
        steps: Adam steps.
        batch_size: Images a step.
        learning_rate: Adam's learning rate.
    """

    def __init__(
        self,
        dim: int = 10,
        hidden: Sequence[int] = (512, 512),
        steps: int = 6000,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
    ) -> None:
        self.dim = dim
        self.hidden = tuple(hidden)
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate

    def extract(self, data: Dataset) -> tuple[Tensor, Tensor]:
        """Train the autoencoder and return its codes; see `Features.extract`."""
        encoder = self.train(data)
        with torch.no_grad():
            parts = [torch.cat([encoder(part) for part in torch.split(x, BATCH)])
                     for x in (data.x_train, data.x_test)]  # fmt: skip
        return parts[0], parts[1]

    def train(self, data: Dataset) -> nn.Module:
        """Train an autoencoder on the training images; returns its encoder, in eval mode."""
        pixels = math.prod(data.image_shape)
        encoder = dense((pixels, *self.hidden, self.dim), nn.BatchNorm1d)
        decoder = dense((self.dim, *reversed(self.hidden), pixels), nn.BatchNorm1d)
        both = nn.Sequential(encoder, decoder).to(data.x_train.device)
        optimizer = torch.optim.Adam(both.parameters(), lr=self.learning_rate, fused=True)
        for batch in batches(data.x_train, self.batch_size, self.steps):
            optimizer.zero_grad(set_to_none=True)
            loss = nn.functional.binary_cross_entropy_with_logits(both(batch), batch)
            torch.autograd.backward(loss)
            optimizer.step()
        return encoder.eval()
