"""Optimisers. To add one, write an `Optimizer` in a file of its own and import it here."""

from otlvm.optimizers.base import Group, Optimizer, optimizers
from otlvm.optimizers.of_torch import SGD, Adam, AdamW, RMSprop

__all__ = ["SGD", "Adam", "AdamW", "Group", "Optimizer", "RMSprop", "optimizers"]
