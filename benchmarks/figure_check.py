"""What can be wrong with the figures that a suite asks for, told before any training."""

import textwrap
from collections.abc import Callable, Sequence

from benchmarks.claims import Row, Term
from benchmarks.expand import Run
from benchmarks.figure_schema import FIGURES, WITH_CURVES, FigureEntry
from benchmarks.yaml_file import KeyPath, SuiteError
from otlvm.registry import did_you_mean

MOST = 4
"""More rows than these fit no page."""
SNAPSHOTS: dict[str, tuple[Callable[[int], bool], str]] = {
    "collapse": (lambda step: step > 0, "an early step, such as 10"),
    "deterioration": (lambda step: step == 0, "0, before the first step"),
}
"""Figures that show models under way, and when."""


def check_figures(entries: Sequence[FigureEntry], runs: Sequence[Run]) -> None:
    """Check that there are such figures and rows, and that the rows keep what is shown.

    Args:
        entries: What the suite says.
        runs: Its runs.

    Raises:
        SuiteError: If there is no such figure, one is given twice, has no such part, a pattern
            means no row or more than fit, or a row is a baseline or keeps no snapshot.
    """
    rows = [Row(run.label, run.method, run.data) for run in runs]
    names: list[str] = []
    for index, entry in enumerate(entries):
        path: KeyPath = ("figures", index)
        if entry.name not in FIGURES:
            hint = did_you_mean(entry.name, FIGURES)
            message = f"unknown figure {entry.name!r}{hint}; known: {', '.join(FIGURES)}"
            raise SuiteError(message, (*path, "name"))
        if entry.name in names:
            message = f"{entry.name} is given twice; one entry may have several rows"
            raise SuiteError(message, (*path, "name"))
        names.append(entry.name)
        for key in ("rows", "curves", "lines"):
            patterns = getattr(entry, key)
            if patterns and key != "rows" and entry.name not in WITH_CURVES:
                message = f"{entry.name} has no curves; {' and '.join(WITH_CURVES)} have"
                raise SuiteError(message, (*path, key))
            for place, pattern in enumerate(patterns):
                _check_pattern(pattern, rows, (*path, key, place))
        shown = entry.labels(entry.rows, rows)
        if len(shown) > MOST:
            message = f"{len(shown)} rows: {', '.join(shown)}; at most {MOST} fit"
            raise SuiteError(message, (*path, "rows"))
        for run in runs:
            if run.label in shown:
                _check_run(run, entry.name, (*path, "rows"))


def _check_pattern(pattern: str, rows: Sequence[Row], path: KeyPath) -> None:
    if not Term("", pattern).rows(rows):
        known = list(dict.fromkeys(row.label for row in rows))
        hint = did_you_mean(pattern, known)
        listed = textwrap.shorten(", ".join(known), 400)
        raise SuiteError(f"no row is {pattern!r}{hint}; there are: {listed}", path)


def _check_run(run: Run, figure: str, path: KeyPath) -> None:
    """Check that a run is a model, and keeps the snapshots that a figure shows."""
    train = run.config.get("train")
    if train is None:
        raise SuiteError(f"{run.label!r} is a baseline: {figure} shows a trained model", path)
    fits, remedy = SNAPSHOTS.get(figure, (None, ""))
    if fits is not None and not any(map(fits, train["snapshots"])):
        message = f"{run.label!r} keeps no snapshot for {figure}: add {remedy}, to its"
        raise SuiteError(f"{message} 'train.snapshots'", path)
