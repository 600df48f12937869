"""Training: moment pretraining, the loop, and its checkpoints."""

from otlvm.training.batches import batches
from otlvm.training.checkpoint import CheckpointError, Checkpoints, InterruptedTrainingError
from otlvm.training.fit import History, fit
from otlvm.training.meter import DivergedError
from otlvm.training.pretrain import moment_loss, pretrain_moments
from otlvm.training.validation import Stop

__all__ = [
    "CheckpointError",
    "Checkpoints",
    "DivergedError",
    "History",
    "InterruptedTrainingError",
    "Stop",
    "batches",
    "fit",
    "moment_loss",
    "pretrain_moments",
]
