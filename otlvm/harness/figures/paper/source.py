"""What a figure of the paper is drawn from."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from otlvm.harness.comparison.records import read_curves
from otlvm.harness.config import get_field
from otlvm.harness.figures.paper.kept import kept_step
from otlvm.harness.figures.rows import (
    choose_rows,
    classes_of_rows,
    curves_of,
    looks_of,
    note_of_choice,
)
from otlvm.harness.figures.style import Look, wrap
from otlvm.harness.store.store import Store
from otlvm.harness.suite.figures_section import FigureEntry
from otlvm.harness.suite.runs import Row
from otlvm.plots import MissingArrayError

TITLE_LETTER = 0.066  # inches


class LeftOutError(Exception):
    """A figure cannot be drawn; the message says why."""


@dataclass(frozen=True)
class Shown:
    """A row, as its first finished seed has it.

    Attributes:
        label: The row.
        pictures: Its arrays.
        history: The rows of its learning curve.
        kept: The training step of its model; None if nothing tells.
        classes: What the classes of its data are called; None if 0, 1, 2 ....
    """

    label: str
    pictures: Mapping[str, NDArray[Any]]
    history: pd.DataFrame
    kept: int | None
    classes: list[str] | None

    def end(self, step: str) -> str:
        """Say of which step its model is.

        Args:
            step: How a step is written, with a ``{}`` for its number.
        """
        if self.history.empty:
            return "end"
        if self.kept is None:
            return "the model kept"
        stopped = self.kept < self.history["step"].max()
        return step.format(f"{self.kept:,}") + (" (kept)" if stopped else "")


@dataclass(frozen=True)
class Source:
    """What a figure shows.

    Attributes:
        rows: The rows.
        curves: Learning curves of all finished seeds, of other rows too.
        note: Which rows have curves, where some are left out.
        lines: Finished runs of the rows that have a line beside the curves.
        look: How each row looks, as in all figures of the suite.
    """

    rows: list[Shown]
    curves: pd.DataFrame
    note: str
    lines: pd.DataFrame
    look: Mapping[str, Look]


def read_source(store: Store, records: pd.DataFrame, entry: FigureEntry) -> Source:
    """Read what a figure shows.

    Raises:
        LeftOutError: If one of its rows has no finished run.
    """
    names = records[["label", "method", "data"]].drop_duplicates()
    known = [Row(*map(str, row)) for row in names.itertuples(index=False, name=None)]
    done = records[records["status"] == "done"]
    rows = []
    for label in entry.labels(entry.rows, known):
        first = done[done["label"] == label].head(1)
        if first.empty:
            raise LeftOutError(f"no run of {label!r} is done")
        history = read_curves(store, first)
        pictures, classes = store.pictures(str(first["id"].iloc[0])), classes_of_rows(first)
        kept = kept_step(first["config"].iloc[0], history)
        rows.append(Shown(label, pictures, history, kept, classes.get(label)))
    if not rows:
        raise LeftOutError(f"no run of {', '.join(map(repr, entry.rows))} was asked for yet")
    lines = done[done["label"].isin(entry.labels(entry.lines, known))]
    if entry.curves:
        named = records[records["label"].isin(entry.labels(entry.curves, known))]
        return Source(rows, curves_of(store, named), "", lines, looks_of(records))
    labels = [row.label for row in rows]
    trained = records[[get_field(config, "baseline") is None for config in records["config"]]]
    chosen = choose_rows(trained, labels)
    note = note_of_choice(trained, chosen, labels)
    return Source(rows, curves_of(store, chosen), note, lines, looks_of(records))


@contextmanager
def of_row(row: Shown) -> Iterator[None]:
    """Say which row it is that lacks an array."""
    try:
        yield
    except MissingArrayError as error:
        raise LeftOutError(f"{row.label!r}, first finished seed: {error}") from error


def letters() -> Callable[[Axes, str, float], None]:
    """Return what gives one panel after the other its letter and title, of some inches at most."""
    names = iter(ascii_lowercase)

    def title(axis: Axes, text: str, inches: float) -> None:
        axis.set_title(wrap(f"({next(names)}) {text}", int(inches / TITLE_LETTER)), loc="left")

    return title
