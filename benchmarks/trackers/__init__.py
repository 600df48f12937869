"""Trackers: where runs are logged besides the store. To add one, write a `Tracker` here.

What a tracker logs to is imported in the process of its own where it works, not before.
"""

from benchmarks.trackers.base import Tracker, require, trackers
from benchmarks.trackers.logged import LoggedRun, LoggedSuite
from benchmarks.trackers.mlflow import MLflow
from benchmarks.trackers.tensorboard import TensorBoard

__all__ = [
    "LoggedRun",
    "LoggedSuite",
    "MLflow",
    "TensorBoard",
    "Tracker",
    "require",
    "trackers",
]
