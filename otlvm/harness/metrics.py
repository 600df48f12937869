"""The metrics of the tables: titles, directions, digits."""

from collections.abc import Mapping
from typing import Any

from otlvm.numbers import BUILT_IN, Number, Yardstick

__all__ = ["METRICS", "Metric", "Yardstick", "known_metrics", "written"]

Metric = Number
METRICS = BUILT_IN


def written(value: float, digits: int) -> str:
    """Write a number with so many digits after the point; what rounds to zero has no sign."""
    return f"{value:z.{digits}f}"


def known_metrics(manifest: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Return all metrics of a store: ours, and before the costs those that its suite brought.

    Args:
        manifest: The store's; it keeps what the suite's own metrics say of their numbers, so that
            tables need neither them nor torch.

    Raises:
        ValueError: If that is nothing that we wrote.
    """
    try:
        own = [Metric(**row) for row in manifest.get("numbers", ())]
    except (TypeError, ValueError) as error:
        raise ValueError(f"suite.json: numbers are not as we write them: {error}") from error
    costs = [metric.timing for metric in METRICS].index(True)
    ours = {metric.key for metric in METRICS}
    return (*METRICS[:costs], *(each for each in own if each.key not in ours), *METRICS[costs:])
