"""Codes of a plain autoencoder as features."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from otlvm.features.base import Features, features
from otlvm.networks.mlp import dense
from otlvm.networks.normalization import DENSE, Normalization
from otlvm.training.batches import batches

BATCH = 5000
Cost = Literal["bernoulli", "squared"]
COSTS: Mapping[Cost, Callable[[Tensor, Tensor], Tensor]] = {
    "bernoulli": nn.functional.binary_cross_entropy_with_logits,
    "squared": nn.functional.mse_loss,
}


@features.register("autoencoder")
class Autoencoder(Features):
    """Codes of a plain autoencoder: dense layers, no latent prior.

    What a mixture model has to beat to have earned its discrete latent.

    Args:
        dim: Dimension of the codes.
        hidden: Widths of the encoder's hidden layers; the decoder has them in reverse.
        steps: Adam steps.
        batch_size: Images a step.
        learning_rate: Adam's learning rate.
        cost: What it minimises: ``bernoulli``, the cross-entropy of data in [0, 1], or ``squared``
            error of data of any range.
        normalization: After each hidden layer. The autoencoders of DEC, IDEC, N2D and VaDE have
            ``none``.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        dim: int = 10,
        hidden: Sequence[int] = (512, 512),
        steps: int = 6000,
        batch_size: int = 128,
        learning_rate: float = 1e-3,
        cost: Cost = "bernoulli",
        normalization: Normalization = "batch",
    ) -> None:
        if min(dim, batch_size, *hidden, 1) < 1 or steps < 0 or learning_rate <= 0:
            raise ValueError(
                "dim, hidden, batch_size and learning_rate must be positive, steps not negative"
            )
        self.dim = dim
        self.hidden = tuple(hidden)
        self.steps = steps
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.cost = cost
        self.normalization = normalization

    @property
    def encoder(self) -> nn.Module:
        """From images ``[n, D]`` to codes ``[n, dim]``, in eval mode; after `fit_transform`."""
        self.catch_up()
        return self._encoder

    @property
    def decoder(self) -> nn.Module:
        """From codes to images, or their logits where the cost is ``bernoulli``, in eval mode."""
        self.catch_up()
        return self._decoder

    def fit_transform(self, x: Tensor) -> Tensor:
        """Train the autoencoder and return the codes; see `Features.fit_transform`.

        Raises:
            ValueError: If data are not in [0, 1] and the cost is of such.
        """
        low, high = (float(bound) for bound in x.aminmax())
        if self.cost == "bernoulli" and not (low >= 0 and high <= 1):
            raise ValueError(
                f"the autoencoder's cost bernoulli is of values in [0, 1], the data span "
                f"[{low:.7g}, {high:.7g}]: say 'cost: squared', or 'scale: unit' in data:"
            )
        pixels = x.shape[1]
        norm = DENSE[self.normalization]
        encoder = dense((pixels, *self.hidden, self.dim), norm)
        decoder = dense((self.dim, *reversed(self.hidden), pixels), norm)
        both = nn.Sequential(encoder, decoder).to(x)
        optimizer = torch.optim.Adam(both.parameters(), lr=self.learning_rate, fused=True)
        for batch in batches(x, min(self.batch_size, len(x)), self.steps):
            optimizer.zero_grad(set_to_none=True)
            loss = COSTS[self.cost](both(batch), batch)
            torch.autograd.backward(loss)
            optimizer.step()
        self._encoder, self._decoder = encoder.eval(), decoder.eval()
        return self.transform(x)

    @torch.no_grad()
    def transform(self, x: Tensor) -> Tensor:
        """Return codes; see `Features.transform`."""
        return torch.cat([self.encoder(part) for part in torch.split(x, BATCH)])


AUTOENCODER = features.build("autoencoder")
