"""The section ``figures:``: its schema, and what can be wrong with it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

from pydantic import Field

from otlvm.harness.messages import InputError, KeyPath, no_row
from otlvm.harness.suite.runs import Row, Run, rows_meant
from otlvm.harness.suite.validation import Strict
from otlvm.wording import did_you_mean

FIGURES = {
    "collapse": "a snapshot early in training above one of its end: loss terms, mean q(k|x) of "
    "each class, reconstructions",
    "manifold": "two-dimensional codes over samples of the prior, and what the latent plane "
    "decodes to",
    "images": "held-out data above reconstructions, samples of each component, and samples near "
    "its mean",
    "interpolations": "interpolations between held-out images, and from one component to the "
    "others",
    "deterioration": "reconstructions before and after training, its loss terms, BCE curves",
    "fidelity": "mean q(k|x) of each class, accuracy curves, and a UMAP of codes and prior samples",
}
"""What a suite can ask for, and what each shows."""
WITH_CURVES = ("deterioration", "fidelity")

Pattern = Annotated[str, Field(min_length=1)]


class FigureEntry(Strict):
    """A figure that a suite asks for.

    Attributes:
        name: Which, of `FIGURES`.
        rows: The rows whose first finished seed is shown, by label or pattern, one below or beside
            the other.
        curves: The rows of its learning curves, where it has some; by default all.
        lines: The rows whose mean is a line beside the curves, such as baselines.
    """

    name: str
    rows: list[Pattern] = Field(min_length=1)
    curves: list[Pattern] = []
    lines: list[Pattern] = []

    def labels(self, patterns: Sequence[str], rows: Iterable[Row]) -> list[str]:
        """Return the labels that patterns mean, in their order: those of a name, else all like it.

        A label without data set means that row of each data set.
        """
        known = list(rows)
        found = [row.label for pattern in patterns for row in rows_meant(pattern, known)]
        return list(dict.fromkeys(found))


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
        InputError: If there is no such figure, one is given twice, has no such part, a pattern
            means no row or more than fit, or a row is a baseline or keeps no snapshot.
    """
    rows = [run.row for run in runs]
    names: list[str] = []
    for index, entry in enumerate(entries):
        path: KeyPath = ("figures", index)
        if entry.name not in FIGURES:
            hint = did_you_mean(entry.name, FIGURES)
            message = f"unknown figure {entry.name!r}{hint}; known: {', '.join(FIGURES)}"
            raise InputError(message, (*path, "name"))
        if entry.name in names:
            message = f"{entry.name} is given twice; one entry may have several rows"
            raise InputError(message, (*path, "name"))
        names.append(entry.name)
        for key in ("rows", "curves", "lines"):
            patterns = getattr(entry, key)
            if patterns and key != "rows" and entry.name not in WITH_CURVES:
                message = f"{entry.name} has no curves; {' and '.join(WITH_CURVES)} have"
                raise InputError(message, (*path, key))
            for place, pattern in enumerate(patterns):
                _check_pattern(pattern, rows, (*path, key, place))
        shown = entry.labels(entry.rows, rows)
        if len(shown) > MOST:
            message = f"{len(shown)} rows: {', '.join(shown)}; at most {MOST} fit"
            raise InputError(message, (*path, "rows"))
        for run in runs:
            if run.label in shown:
                _check_run(run, entry.name, (*path, "rows"))


def _check_pattern(pattern: str, rows: Sequence[Row], path: KeyPath) -> None:
    if not rows_meant(pattern, rows):
        raise InputError(no_row(pattern, (row.label for row in rows)), path)


def _check_run(run: Run, figure: str, path: KeyPath) -> None:
    """Check that a run is a model, and keeps the snapshots that a figure shows."""
    train = run.config.get("train")
    if train is None:
        raise InputError(f"{run.label!r} is a baseline: {figure} shows a trained model", path)
    fits, remedy = SNAPSHOTS.get(figure, (None, ""))
    if fits is not None and not any(map(fits, train["snapshots"])):
        message = f"{run.label!r} keeps no snapshot for {figure}: add {remedy}, to its"
        raise InputError(f"{message} 'train.snapshots'", path)
