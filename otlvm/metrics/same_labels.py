"""The accuracy of the paper's code of 2018: its map is fitted on the labels that judge it."""

from typing import ClassVar

import torch
from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation.clustering import clustering_scores
from otlvm.metrics.base import AssignmentMetric, metrics, numbers_of
from otlvm.numbers import Number

IMAGES = 2000


@metrics.register("accuracy_same_labels")
class AccuracySameLabels(AssignmentMetric):
    """Accuracy on 2,000 held-out images whose own labels fit the map: theirs, not ours.

    The images are drawn with replacement, and the map is the paper's, as for ``accuracy``, whose
    map is fitted on training labels and judged on all held-out images. Source: the paper's code of
    September 2018, from which its figures of accuracy most likely come; Gaujac, Feige and Barber
    (2021), Sec. 3.2.3 leaves it open.
    """

    numbers: ClassVar[tuple[Number, ...]] = numbers_of("accuracy_same_labels")
    needs_labels: ClassVar[bool] = True

    def score(self, pi_train: Tensor, pi_test: Tensor, data: Dataset) -> dict[str, float]:
        """Measure assignments; see `AssignmentMetric.score`."""
        if data.y_test is None:
            return {}
        every = data.y_test.cpu()  # baselines assign there, whatever trains
        known = (every >= 0).nonzero().squeeze(1)
        drawn = known[torch.randint(len(known), (IMAGES,))]
        pi, labels = pi_test.cpu()[drawn].numpy(), every[drawn].numpy()
        return {"accuracy_same_labels": clustering_scores(pi, labels, pi, labels)["accuracy"]}
