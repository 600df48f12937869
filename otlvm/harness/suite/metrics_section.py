"""The section ``metrics:``, and which metrics a suite asks for besides those always measured."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from otlvm.harness.config import Config, as_mapping
from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.metrics import METRICS
from otlvm.harness.suite.claims_section import parse_claim
from otlvm.harness.suite.runs import Run
from otlvm.harness.suite.table_section import TableOptions
from otlvm.wording import shorten

Spec = str | dict[str, Any]
ON_REQUEST = {metric.key: metric.of for metric in METRICS if metric.of}
"""Our numbers that have to be asked for, and the metric of each."""
ALWAYS = [metric.key for metric in METRICS if not metric.of]


def check_metrics(specs: Sequence[Spec]) -> None:
    """Check that metrics are named once each, and are not measured anyway.

    Raises:
        InputError: If not.
    """
    names: list[str] = []
    for index, spec in enumerate(specs):
        path: KeyPath = ("metrics", index)
        name = as_mapping(spec).get("name")
        if not isinstance(name, str):
            raise InputError(
                f"expected a name or a mapping with a 'name', got {shorten(spec)}", path
            )
        if name in ALWAYS:
            known = ", ".join(dict.fromkeys(ON_REQUEST.values()))
            raise InputError(f"{name} is always measured; to be asked for: {known}", path)
        if name in names:
            raise InputError(f"{name} is given twice", path)
        names.append(name)


def names_others(specs: Sequence[Spec]) -> bool:
    """Tell whether metrics are named that are not ours: only they know their numbers."""
    return any(as_mapping(spec)["name"] not in ON_REQUEST.values() for spec in specs)


def asking(
    runs: Sequence[Run], specs: Sequence[Spec], table: TableOptions, claims: Sequence[str]
) -> list[Run]:
    """Return runs that measure what their suite asks for; it decides nothing else of them.

    Args:
        runs: The runs.
        specs: What the suite has under ``metrics:``.
        table: Its table, whose metrics are asked for too.
        claims: Its claims, likewise.
    """
    asked: list[Config] = [as_mapping(spec) for spec in specs]
    needed = named_numbers(table, claims)
    for name in dict.fromkeys(ON_REQUEST[key] for key in needed if key in ON_REQUEST):
        if name not in [spec["name"] for spec in asked]:
            asked.append({"name": name})
    if not asked:
        return list(runs)
    return [replace(run, config={**run.config, "metrics": asked}) for run in runs]


def named_numbers(table: TableOptions, claims: Sequence[str]) -> list[str]:
    """Return the names of the numbers that a table and claims name, and of the table's order."""
    terms = (term for text in claims for term in parse_claim(text).terms())
    return [*table.names(), *(term.metric for term in terms if term.step is None)]
