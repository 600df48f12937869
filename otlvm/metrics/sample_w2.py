"""How far samples are from images, by exact optimal transport."""

from typing import ClassVar

import torch
from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation.latent import sample_w2
from otlvm.metrics.base import Metric, metrics, numbers_of
from otlvm.metrics.samples import held_out_and_training, sample
from otlvm.networks import LatentMixtureModel
from otlvm.numbers import Number
from otlvm.sharing import shared


@metrics.register("sample_w2")
class SampleW2(Metric):
    r"""The exact 2-Wasserstein distance between 2,000 samples and 2,000 held-out images.

    .. math:: W_2 = \Bigl( \min_{\gamma} \sum_{ij} \gamma_{ij} |x_i - y_j|^2 \Bigr)^{1/2}

    Its square is what the objective of a WAE bounds (Gaujac, Feige and Barber, 2021, eq. 10).
    It is above 0 for a perfect model too, since both clouds are finite: the same distance between
    training and held-out images, a number of the data set, says what is within reach.
    """

    numbers: ClassVar[tuple[Number, ...]] = numbers_of("sample_w2")

    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Measure samples of a model; see `Metric.compute`."""
        held_out, training = held_out_and_training(data)

        def within_reach() -> Tensor:
            return torch.tensor(sample_w2(training, held_out), dtype=torch.float64)

        return {
            "sample_w2": sample_w2(sample(model, len(held_out)), held_out),
            "sample_w2_data": float(shared(within_reach, "sample_w2_data", training, held_out)),
        }
