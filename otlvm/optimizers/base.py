"""The interface of an optimiser."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch

from otlvm.registry import Registry

Group = dict[str, Any]
"""Parameters and their learning rate, as `torch.optim` takes them: ``params`` and ``lr``."""


class Optimizer(ABC):
    """How a gradient becomes a step; `make` builds the torch optimiser for given parameters."""

    @abstractmethod
    def make(self, groups: Sequence[Group]) -> torch.optim.Optimizer:
        """Build the optimiser of parameter groups, each with a rate of its own."""


optimizers: Registry[Optimizer] = Registry("optimizer", Optimizer)
