"""Runs that start from the trained model of another run of their suite."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from otlvm.harness.config import beyond, common, get_field
from otlvm.harness.job import START_FIELD
from otlvm.harness.messages import MOST_NAMES, InputError, KeyPath, no_row
from otlvm.harness.suite.runs import Run
from otlvm.wording import cut, flow

MOST_AHEAD = 100
"""Runs that have to be trained before another, each from the model of the one before."""


class Cell(Protocol):
    """A run or a job: one seed of a row."""

    @property
    def label(self) -> str:
        """Its row."""

    @property
    def seed(self) -> int:
        """Its seed."""


T = TypeVar("T", bound=Cell)


class Starts:
    """Which run starts from which other's trained model.

    Args:
        runs: All runs of a suite.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._rows: dict[tuple[str, str | None], dict[int, Run]] = {}
        """The runs of a row by their seeds: the row's label alone, or its method and data."""
        for run in runs:
            for name in ((run.label, None), (run.row.method, run.data)):
                self._rows.setdefault(name, {}).setdefault(run.seed, run)

    def of(self, run: Run) -> Run | None:
        """Return the run of the same seed from whose model a run starts; None for most runs.

        Raises:
            InputError: If there is no such run, or it trains no model of the same form.
        """
        if get_field(run.config, "train.start.name") != "trained":
            return None
        label = str(get_field(run.config, START_FIELD))
        of_method, of_label = (self._rows.get((label, data), {}) for data in (run.data, None))
        found = {**of_method, **of_label}
        if not found:
            raise InputError(no_row(label, (other.label for other in self._runs)), _path(run))
        if run.seed not in found:
            seeds = cut(", ".join(map(str, found)), MOST_NAMES)
            raise InputError(f"{label!r} has no seed {run.seed}, but {seeds}", _path(run))
        first = found[run.seed]
        if "baseline" in first.config:
            raise InputError(f"{label!r} is a baseline: it trains no model", _path(run))
        if first.config["model"] != run.config["model"]:
            models = [first.config["model"], run.config["model"]]
            there, here = (flow(beyond(model, common(models))) for model in models)
            raise InputError(f"{label!r} trains another model: {there}, not {here}", _path(run))
        return first


def check_starts(runs: Sequence[Run]) -> None:
    """Check that each run that starts from another's model can.

    Raises:
        InputError: If there is no such row, seed or model, the model is another, a run would start
            from itself, or too many have to be trained one after another.
    """
    starts, ahead = Starts(runs), dict[tuple[str, int], int]()
    for run in runs:
        chain: list[Run] = []
        at: Run | None = run
        while at is not None and (at.label, at.seed) not in ahead:
            if any(at is other for other in chain):
                raise InputError(f"{run.label!r} would start from itself", _path(run))
            chain.append(at)
            if len(chain) > MOST_AHEAD + 1:
                break
            at = starts.of(at)
        known = 0 if at is None else ahead.get((at.label, at.seed), 0) + 1
        for more, each in enumerate(reversed(chain)):
            ahead[each.label, each.seed] = known + more
        if ahead[run.label, run.seed] > MOST_AHEAD:
            raise InputError(
                f"{run.label!r} starts from a row that starts from another, and so on: more than "
                f"{MOST_AHEAD} one after another",
                _path(run),
            )


def predecessors_first(items: Iterable[T], start_of: Callable[[T], T | None]) -> list[T]:
    """Return items and those that they start from, these first and each once."""
    found: dict[tuple[str, int], T] = {}

    def add(item: T) -> None:
        if (item.label, item.seed) in found:
            return
        first = start_of(item)
        if first is not None:
            add(first)
        found[item.label, item.seed] = item

    for item in items:
        add(item)
    return list(found.values())


def _path(run: Run) -> KeyPath:
    return (*run.origin, *START_FIELD.split("."))
