"""The metrics of the tables: titles, directions, digits."""

from otlvm.numbers import BUILT_IN, Number, Yardstick

__all__ = ["METRICS", "Metric", "Yardstick"]

Metric = Number
METRICS = BUILT_IN
