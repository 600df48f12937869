"""The interface of a metric: from a model and data to numbers."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation import component_probabilities
from otlvm.networks import LatentMixtureModel
from otlvm.numbers import BUILT_IN, Number
from otlvm.registry import Described, Registry


class Metric(Described, ABC):
    """Numbers that a suite asks for, measured once training is over.

    Attributes:
        numbers: What each of its numbers is: title, direction, digits.
        needs_labels: Whether it says anything of data without labels; without them it is not
            asked. Where some images have labels, it leaves out those whose label is -1.
    """

    numbers: ClassVar[tuple[Number, ...]]
    needs_labels: ClassVar[bool] = False

    @abstractmethod
    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Measure a model on held-out images.

        It is called in eval mode, without gradients, and with a random state of its own that is
        the same for every model: draw from torch alone.

        Args:
            model: The model, on the data's device; it gives samples scaled as ``data`` are.
            data: The data as the model sees them.

        Returns:
            Numbers by their keys in `numbers`; what is left out was not measured.

        Raises:
            Exception: Of any kind: the number is then missing, and the record tells why.
        """


class AssignmentMetric(Metric):
    """A metric of q(k|x) alone, which baselines have too."""

    def compute(self, model: LatentMixtureModel, data: Dataset) -> dict[str, float]:
        """Measure a model's q(k|x); see `Metric.compute`."""
        pi_train = component_probabilities(model, data.x_train)
        return self.score(pi_train, component_probabilities(model, data.x_test), data)

    @abstractmethod
    def score(self, pi_train: Tensor, pi_test: Tensor, data: Dataset) -> dict[str, float]:
        """Measure assignments.

        Args:
            pi_train: q(k|x) of the training images, with shape ``[n, K]``.
            pi_test: q(k|x) of the held-out images, with shape ``[m, K]``.
            data: The data.

        Returns:
            Numbers by their keys in `numbers`.
        """


def numbers_of(name: str) -> tuple[Number, ...]:
    """Return the numbers that one of our metrics has to be asked for."""
    return tuple(number for number in BUILT_IN if number.of == name)


metrics: Registry[Metric] = Registry("metric", Metric)
