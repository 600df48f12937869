"""How training starts: what happens to a model before its first step."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.networks.components import STD_FLOOR, ComponentNets
from otlvm.registry import Registry
from otlvm.training.pretrain import pretrain_moments


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


@starts.register("prior")
class AtPrior(Start):
    """q(z|k, x) starts as the prior's p(z|k) itself, whatever x: z carries no information yet.

    So k has to learn first. The nets' last layer becomes zero, its biases the prior's means and
    standard deviations; correlations of full covariances are left out.
    """

    def prepare(self, model: LatentMixtureModel, x: Tensor, batch_size: int) -> None:
        """Set the component nets; see `Start.prepare`.

        Raises:
            TypeError: If the network's component nets are not of our kind.
        """
        nets = model.network.components
        if not isinstance(nets, ComponentNets):
            raise TypeError(f"the start 'prior' knows ComponentNets, not {type(nets).__name__}")
        mean, covariance = model.prior.moments()
        std = covariance.diagonal(dim1=-2, dim2=-1).sqrt()
        with torch.no_grad():
            nets.output.weight.zero_()
            # The inverse of the softplus that gives standard deviations.
            raw = (std - STD_FLOOR).expm1().log()
            nets.output.bias.copy_(torch.cat([mean, raw], dim=-1))
