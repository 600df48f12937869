"""Whether samples look like images, and whether all images are among the samples."""

from typing import ClassVar

import torch
from torch import Tensor

from otlvm.data import Dataset
from otlvm.metrics.base import Metric, metrics, numbers_of
from otlvm.metrics.features import feature_map
from otlvm.metrics.samples import held_out_and_training, sample
from otlvm.networks import LatentMixtureModel
from otlvm.numbers import Number

NEIGHBOURS = 3


@metrics.register("precision")
class Precision(Metric):
    """The share of samples that lie among held-out images: what is drawn looks real.

    A point lies among others if it is as near to one of them as that one's third nearest
    neighbour. In the features of `otlvm.metrics.features.feature_map`, 2,000 of each. Source:
    Kynkäänniemi et al., *Improved precision and recall metric for assessing generative models*
    (2019).
    """

    numbers: ClassVar[tuple[Number, ...]] = numbers_of("precision")

    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Measure samples of a model; see `Metric.compute`."""
        samples, images = _features(model, data)
        return {"precision": share_among(samples, images)}


@metrics.register("recall")
class Recall(Metric):
    """The share of held-out images that lie among samples: what is real is drawn.

    As `Precision`, the other way round.
    """

    numbers: ClassVar[tuple[Number, ...]] = numbers_of("recall")

    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Measure samples of a model; see `Metric.compute`."""
        samples, images = _features(model, data)
        return {"recall": share_among(images, samples)}


def share_among(x: Tensor, y: Tensor, neighbours: int = NEIGHBOURS) -> float:
    """Return the share of points ``[n, f]`` that lie among others ``[m, f]``.

    Args:
        x: The points.
        y: The others, more than ``neighbours``.
        neighbours: How near counts: as its neighbour of this number is to one of the others.
    """
    if len(y) <= neighbours:
        raise ValueError(f"{len(y)} images have no {neighbours} neighbours each")
    among = _distances(y, y).fill_diagonal_(torch.inf)
    radii = among.kthvalue(neighbours, dim=1).values
    return float((_distances(x, y) <= radii).any(1).double().mean())


def _distances(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances ``[n, m]``, to the precision of differences."""
    return torch.cdist(x.double(), y.double(), compute_mode="donot_use_mm_for_euclid_dist")


def _features(model: LatentMixtureModel, data: Dataset) -> tuple[Tensor, Tensor]:
    """Return the features of samples and of as many held-out images."""
    held_out, _ = held_out_and_training(data)
    features = feature_map(data)
    return features(sample(model, len(held_out))), features(held_out)
