"""Numbers of one name that were measured in two ways: with other parameters, or by other code.

A metric's spec stands in each record's config, with the hash of its code if that is not ours. A
suite that changes it keeps what it has, and a mean over old and new results would be of neither.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from otlvm.harness.config import MEASURED, Config
from otlvm.harness.metrics import Metric

OTHERWISE = "it was measured by other code or with other parameters; --rerun all measures it anew"


def ways(config: Config | None) -> dict[str, Config]:
    """Return how each metric of a run was measured, by the metric's name."""
    specs = (config or {}).get(MEASURED)
    known = specs if isinstance(specs, list) else []  # a config is as a record has it
    return {spec["name"]: spec for spec in known if isinstance(spec, dict) and "name" in spec}


def measured_otherwise(config: Config, asked: Mapping[str, Config]) -> list[str]:
    """Return the metrics of a run that its suite asks for in another way now."""
    own = ways(config)
    return [name for name, spec in asked.items() if own.get(name, spec) != spec]


def without(
    numbers: Mapping[str, Any], metrics: Sequence[str], known: Sequence[Metric]
) -> dict[str, Any]:
    """Return a run's numbers without those of some metrics."""
    dropped = {number.key for number in known if number.of and number.of in metrics}
    return {key: value for key, value in numbers.items() if key not in dropped}


def measured_alike(
    before: pd.DataFrame, after: pd.DataFrame, known: Sequence[Metric]
) -> tuple[pd.DataFrame, list[str]]:
    """Blank, in records, what the other records of the same row have measured otherwise.

    Args:
        before: What `read_records` gave for one directory.
        after: The same for the other.
        known: The metrics of both.

    Returns:
        The first records without such numbers, and a line on each row that lost some.
    """
    before, told = before.copy(), []
    one, two = _ways_of_rows(before), _ways_of_rows(after)
    for label in (label for label in one if label in two):
        unlike = [
            name for name, specs in one[label].items() if two[label].get(name, specs) != specs
        ]
        keys = [number.key for number in known if number.of in unlike and number.key in before]
        if keys:
            before.loc[before["label"] == label, keys] = float("nan")
            told.append(f"{label}: measured by other code or with other parameters in each, so "
                        f"not compared: {', '.join(unlike)}")  # fmt: skip
    return before, told


def _ways_of_rows(records: pd.DataFrame) -> dict[str, dict[str, set[str]]]:
    """In which ways the runs of each row measured each metric."""
    found: dict[str, dict[str, set[str]]] = {}
    for label, config in records.reindex(columns=["label", "config"]).itertuples(index=False):
        of_row = found.setdefault(label, {})
        for name, spec in ways(config if isinstance(config, dict) else None).items():
            of_row.setdefault(name, set()).add(json.dumps(spec, sort_keys=True))
    return found
