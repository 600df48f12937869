"""The paper's start: moment pretraining."""

import json
from typing import Any

from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.seeding import afresh
from otlvm.sharing import learnt_once
from otlvm.starts.base import Start, starts
from otlvm.starts.state import State
from otlvm.training.pretrain import pretrain_moments


@starts.register("moments")
class Moments(Start):
    """The paper's: the nets of q(z|k, x) learn the prior's moments; see `pretrain_moments`.

    Rows of equal model, data and seed share what is learnt.

    Args:
        steps: Adam steps; 0 leaves the model as it was initialised.
        learning_rate: Adam's learning rate.
        batch_size: Images per step; as many as in training by default.
        diagonal: Match variances, and leave covariances alone.

    Raises:
        ValueError: If ``steps`` is negative or another number not positive.
    """

    def __init__(
        self,
        steps: int = 1000,
        learning_rate: float = 1e-3,
        batch_size: int | None = None,
        diagonal: bool = False,
    ) -> None:
        if steps < 0:
            raise ValueError("steps must not be negative")
        if learning_rate <= 0:
            raise ValueError("learning_rate must be positive")
        if batch_size is not None and batch_size < 1:
            raise ValueError("batch_size must be positive")
        self.steps = steps
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.diagonal = diagonal

    def check(self, n_images: int, n_components: int) -> None:
        """Refuse a batch of more images than there are; see `Start.check`."""
        if self.batch_size is not None and self.batch_size > n_images:
            raise ValueError(
                f"the start's batch_size {self.batch_size} is larger than the data's "
                f"{n_images} images"
            )

    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Pretrain, from the run's seed afresh; see `Start.prepare`."""
        if not self.steps:
            return
        options: dict[str, Any] = {
            "steps": self.steps,
            "batch_size": self.batch_size or batch_size,
            "learning_rate": self.learning_rate,
            "diagonal": self.diagonal,
        }
        nets = State(model.network.components)

        def train() -> Tensor:
            with afresh(x.device):
                pretrain_moments(model, x, **options)
            return nets.content()

        if model.config is None:
            train()
            return
        what = json.dumps(["moments", options, model.config], sort_keys=True)
        nets.load(learnt_once(what, x, train, nets.content()))
