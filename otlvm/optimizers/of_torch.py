"""The optimisers of torch that the field uses."""

from collections.abc import Sequence
from typing import ClassVar

import torch

from otlvm.optimizers.base import Group, Optimizer, optimizers

BETAS = (0.9, 0.999)


@optimizers.register("adam")
class Adam(Optimizer):
    """Adam. Source: Kingma and Ba, *Adam: a method for stochastic optimization* (2015).

    Args:
        betas: Decay rates of the running means of the gradient and of its square.
        eps: Added to the denominator.
        weight_decay: L2 penalty, added to the gradient.

    Raises:
        ValueError: If a number is out of range.
    """

    of_torch: ClassVar[type[torch.optim.Adam]] = torch.optim.Adam

    def __init__(
        self, betas: Sequence[float] = BETAS, eps: float = 1e-8, weight_decay: float = 0.0
    ) -> None:
        self.betas = _pair(betas)
        self.eps = eps
        self.weight_decay = weight_decay
        _not_negative(eps=eps, weight_decay=weight_decay)

    def make(self, groups: Sequence[Group]) -> torch.optim.Optimizer:
        """Build it; see `Optimizer.make`."""
        return self.of_torch(
            groups, betas=self.betas, eps=self.eps, weight_decay=self.weight_decay, fused=True
        )


@optimizers.register("adamw")
class AdamW(Adam):
    """Adam with decoupled weight decay. Source: Loshchilov and Hutter (2019).

    Args:
        betas: Decay rates of the running means of the gradient and of its square.
        eps: Added to the denominator.
        weight_decay: Share of the weights, times the rate, that each step takes away.

    Raises:
        ValueError: If a number is out of range.
    """

    of_torch = torch.optim.AdamW

    def __init__(
        self, betas: Sequence[float] = BETAS, eps: float = 1e-8, weight_decay: float = 0.01
    ) -> None:
        super().__init__(betas, eps, weight_decay)


@optimizers.register("sgd")
class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if wanted.

    Args:
        momentum: Share of the last step that is taken again.
        nesterov: Nesterov's momentum.
        weight_decay: L2 penalty, added to the gradient.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self, momentum: float = 0.0, nesterov: bool = False, weight_decay: float = 0.0
    ) -> None:
        _not_negative(momentum=momentum, weight_decay=weight_decay)
        if nesterov and not momentum:
            raise ValueError("nesterov needs a momentum")
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay

    def make(self, groups: Sequence[Group]) -> torch.optim.Optimizer:
        """Build it; see `Optimizer.make`."""
        return torch.optim.SGD(
            groups,
            momentum=self.momentum,
            nesterov=self.nesterov,
            weight_decay=self.weight_decay,
            fused=True,
        )


@optimizers.register("rmsprop")
class RMSprop(Optimizer):
    """RMSprop. Source: Hinton's lecture (2012), as torch has it.

    Args:
        alpha: Decay rate of the running mean of the squared gradient.
        eps: Added to the denominator.
        momentum: Share of the last step that is taken again.
        weight_decay: L2 penalty, added to the gradient.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        alpha: float = 0.99,
        eps: float = 1e-8,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        _not_negative(eps=eps, momentum=momentum, weight_decay=weight_decay)
        if not 0 <= alpha < 1:
            raise ValueError(f"alpha must be in [0, 1), not {alpha}")
        self.alpha = alpha
        self.eps = eps
        self.momentum = momentum
        self.weight_decay = weight_decay

    def make(self, groups: Sequence[Group]) -> torch.optim.Optimizer:
        """Build it; see `Optimizer.make`."""
        return torch.optim.RMSprop(
            groups,
            alpha=self.alpha,
            eps=self.eps,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
        )


def _pair(betas: Sequence[float]) -> tuple[float, float]:
    if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"betas must be two numbers in [0, 1), not {list(betas)}")
    return betas[0], betas[1]


def _not_negative(**numbers: float) -> None:
    for name, number in numbers.items():
        if number < 0:
            raise ValueError(f"{name} must not be negative")
