"""Training: moment pretraining and the loop."""

from otlvm.training.batches import batches
from otlvm.training.fit import DivergedError, History, fit
from otlvm.training.pretrain import moment_loss, pretrain_moments

__all__ = ["DivergedError", "History", "batches", "fit", "moment_loss", "pretrain_moments"]
