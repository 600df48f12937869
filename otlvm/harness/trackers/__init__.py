"""Trackers: where runs are logged besides the store. To add one, write a `Tracker` here.

What a tracker logs to is imported in the process of its own where it works, not before.
"""

from otlvm.harness.trackers.base import Tracker, require, trackers
from otlvm.harness.trackers.logged import LoggedRun, LoggedSuite
from otlvm.harness.trackers.mlflow import MLflow
from otlvm.harness.trackers.tensorboard import TensorBoard

__all__ = [
    "LoggedRun",
    "LoggedSuite",
    "MLflow",
    "TensorBoard",
    "Tracker",
    "require",
    "trackers",
]
