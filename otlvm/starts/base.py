"""The interface of a start: what happens to a model before its first training step."""

from abc import ABC, abstractmethod

from torch import Tensor

from otlvm.networks import LatentMixtureModel, Network
from otlvm.registry import Described, Registry


class Start(Described, ABC):
    """Prepares a model for training, without labels."""

    def check(self, n_images: int, n_components: int) -> None:
        """Refuse data or a K with which it cannot work, before anything is trained.

        Args:
            n_images: How many training images there are.
            n_components: K.

        Raises:
            ValueError: If it will not do; the message says what would.
        """

    def check_network(self, network: Network) -> None:
        """Refuse a network that it cannot prepare, before anything is trained.

        Args:
            network: The network, maybe on the meta device: shapes without values.

        Raises:
            TypeError: If it will not do; the message says what would.
        """

    @abstractmethod
    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Change a model in place.

        Args:
            model: The model, as it was initialised.
            x: Training images, with shape ``[n, D]``, on the model's device.
            batch_size: Images a step, for those who train.
        """


starts: Registry[Start] = Registry("start", Start)
