"""The negative evidence lower bound of held-out images."""

from typing import ClassVar

import torch

from otlvm.data import Dataset
from otlvm.metrics.base import Metric, metrics, numbers_of
from otlvm.networks import LatentMixtureModel
from otlvm.numbers import Number
from otlvm.objectives import VAE

BATCH = 500


@metrics.register("elbo")
class NegativeELBO(Metric):
    r"""What the objective `vae` minimises with beta = 1, of held-out images, in nats per image.

    .. math:: E_{q(z, k | x)} [-\log p(x | z)] + KL(q(z, k | x) \| p(z, k))

    By one sample of z for each k, and the sum over k. The prior needs a density. Source: Kingma and
    Welling, *Auto-encoding variational Bayes* (2014).
    """

    numbers: ClassVar[tuple[Number, ...]] = numbers_of("elbo")

    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Measure a model on all held-out images; see `Metric.compute`.

        Raises:
            TypeError: If the prior has no density.
        """
        objective = VAE()
        total = 0.0
        for x in torch.split(data.x_test, BATCH):
            total += len(x) * float(objective(model, x).total)
        return {"elbo": total / len(data.x_test)}
