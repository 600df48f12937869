"""Runs that start from the trained model of another run of their suite."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from otlvm.harness.config import beyond, common, get_field
from otlvm.harness.job import START_FIELD
from otlvm.harness.messages import InputError, KeyPath, no_row
from otlvm.harness.suite.runs import Run, rows_meant
from otlvm.wording import flow


class Cell(Protocol):
    """A run or a job: one seed of a row."""

    @property
    def label(self) -> str:
        """Its row."""

    @property
    def seed(self) -> int:
        """Its seed."""


T = TypeVar("T", bound=Cell)


def check_starts(runs: Sequence[Run]) -> None:
    """Check that each run that starts from another's model can.

    Raises:
        InputError: If there is no such row, seed or model, the model is another, or a run would
            start from itself.
    """
    for run in runs:
        seen = [run]
        while (first := start_of(seen[-1], runs)) is not None:
            if first in seen:
                raise InputError(f"{run.label!r} would start from itself", _path(run))
            seen.append(first)


def start_of(run: Run, runs: Iterable[Run]) -> Run | None:
    """Return the run of the same seed from whose model a run starts; None for most runs.

    Raises:
        InputError: If there is no such run, or it trains no model of the same form.
    """
    if get_field(run.config, "train.start.name") != "trained":
        return None
    known = list(runs)
    label = str(get_field(run.config, START_FIELD))
    rows = [row for row in rows_meant(label, (other.row for other in known))
            if label == row.label or (label == row.method and row.data == run.data)]  # fmt: skip
    if not rows:
        raise InputError(no_row(label, (other.label for other in known)), _path(run))
    of_row = [other for other in known if other.row in rows]
    found = [other for other in of_row if other.seed == run.seed]
    if not found:
        seeds = ", ".join(str(other.seed) for other in of_row)
        raise InputError(f"{label!r} has no seed {run.seed}, but {seeds}", _path(run))
    first = found[0]
    if "baseline" in first.config:
        raise InputError(f"{label!r} is a baseline: it trains no model", _path(run))
    if first.config["model"] != run.config["model"]:
        models = [first.config["model"], run.config["model"]]
        there, here = (flow(beyond(model, common(models))) for model in models)
        raise InputError(f"{label!r} trains another model: {there}, not {here}", _path(run))
    return first


def predecessors_first(items: Iterable[T], start_of: Callable[[T], T | None]) -> list[T]:
    """Return items and those that they start from, these first and each once."""
    found: dict[tuple[str, int], T] = {}

    def add(item: T) -> None:
        first = start_of(item)
        if first is not None:
            add(first)
        found.setdefault((item.label, item.seed), item)

    for item in items:
        add(item)
    return list(found.values())


def _path(run: Run) -> KeyPath:
    return (*run.origin, *START_FIELD.split("."))
