"""Schedules of the learning rate. To add one, write a `Schedule`, and import it here."""

from otlvm.schedules.base import Constant, Schedule, schedules
from otlvm.schedules.cosine import Cosine
from otlvm.schedules.plateau import Plateau
from otlvm.schedules.step import Step

__all__ = ["Constant", "Cosine", "Plateau", "Schedule", "Step", "schedules"]
