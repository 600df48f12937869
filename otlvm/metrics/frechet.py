"""How far samples are from images, by means and covariances of features."""

from typing import ClassVar

import torch
from torch import Tensor

from otlvm.data import Dataset
from otlvm.metrics.base import Metric, metrics, numbers_of
from otlvm.metrics.features import feature_map
from otlvm.metrics.samples import held_out_and_training, sample
from otlvm.networks import LatentMixtureModel
from otlvm.numbers import Number


@metrics.register("frechet")
class Frechet(Metric):
    r"""The Fréchet distance between Gaussians of features of samples and of held-out images.

    .. math:: |\mu_1 - \mu_2|^2 + \mathrm{tr} \bigl( \Sigma_1 + \Sigma_2
        - 2 (\Sigma_1 \Sigma_2)^{1/2} \bigr)

    What FID is with Inception's features, here with those of a small classifier of the data set's
    own (see `otlvm.metrics.features.feature_map`): values of two data sets, or of the literature,
    are not comparable. 2,000 of each. Source: Heusel et al., *GANs trained by a two time-scale
    update rule* (2017).
    """

    numbers: ClassVar[tuple[Number, ...]] = numbers_of("frechet")

    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Measure samples of a model; see `Metric.compute`."""
        held_out, _ = held_out_and_training(data)
        features = feature_map(data)
        samples = sample(model, len(held_out))
        return {"frechet": frechet_distance(features(samples), features(held_out))}


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """Fréchet distance between the Gaussians that fit two clouds, ``[n, f]`` and ``[m, f]``."""
    x, y = x.double(), y.double()
    root = _root(_covariance(x))
    # The eigenvalues of S1 S2 are those of S1^(1/2) S2 S1^(1/2), which is symmetric.
    cross = torch.linalg.eigvalsh(root @ _covariance(y) @ root).clamp(min=0).sqrt().sum()
    spread = _covariance(x).trace() + _covariance(y).trace() - 2 * cross
    return float((x.mean(0) - y.mean(0)).square().sum() + spread.clamp(min=0))


def _covariance(x: Tensor) -> Tensor:
    centred = x - x.mean(0)
    return centred.T @ centred / (len(x) - 1)


def _root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return root
