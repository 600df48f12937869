"""The interface of a start: what happens to a model before its first training step."""

from abc import ABC, abstractmethod

from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.registry import Registry


class Start(ABC):
    """Prepares a model for training, without labels."""

    @abstractmethod
    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Change a model in place.

        Args:
            model: The model, as it was initialised.
            x: Training images, with shape ``[n, D]``, on the model's device.
            batch_size: Images a step, for those who train.
        """


starts: Registry[Start] = Registry("start", Start)
