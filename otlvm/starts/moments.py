"""The paper's start: moment pretraining."""

from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.starts.base import Start, starts
from otlvm.training.pretrain import pretrain_moments


@starts.register("moments")
class Moments(Start):
    """The paper's: the nets of q(z|k, x) learn the prior's moments; see `pretrain_moments`.

    Args:
        steps: Adam steps; 0 leaves the model as it was initialised.
        learning_rate: Adam's learning rate.

    Raises:
        ValueError: If ``steps`` is negative or ``learning_rate`` not positive.
    """

    def __init__(self, steps: int = 1000, learning_rate: float = 1e-3) -> None:
        if steps < 0:
            raise ValueError("steps must not be negative")
        if learning_rate <= 0:
            raise ValueError("learning_rate must be positive")
        self.steps = steps
        self.learning_rate = learning_rate

    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Pretrain; see `Start.prepare`."""
        pretrain_moments(
            model, x, steps=self.steps, batch_size=batch_size, learning_rate=self.learning_rate
        )
