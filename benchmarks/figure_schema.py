"""The schema of a suite's ``figures:``, and what can be wrong with it. Never imports matplotlib."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from benchmarks.claims import Row, Term
from benchmarks.strict import Strict
from benchmarks.yaml_file import KeyPath, SuiteError
from otlvm.registry import did_you_mean

MOST = 4
"""More rows than these fit no page."""
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
        found = [row.label for pattern in patterns for row in Term("", pattern).rows(known)]
        return list(dict.fromkeys(found))


def check_figures(entries: Sequence[FigureEntry], rows: Sequence[Row]) -> None:
    """Check that there are such figures and rows.

    Args:
        entries: What the suite says.
        rows: The rows that it has.

    Raises:
        SuiteError: If there is no such figure, one is given twice, has no such part, or a pattern
            means no row or more than fit.
    """
    names: list[str] = []
    for index, entry in enumerate(entries):
        path: KeyPath = ("figures", index)
        if entry.name not in FIGURES:
            hint = did_you_mean(entry.name, FIGURES)
            known = ", ".join(FIGURES)
            message = f"unknown figure {entry.name!r}{hint}; known: {known}"
            raise SuiteError(message, (*path, "name"))
        if entry.name in names:
            message = f"{entry.name} is given twice; one entry may have several rows"
            raise SuiteError(message, (*path, "name"))
        names.append(entry.name)
        for key in ("curves", "lines"):
            if getattr(entry, key) and entry.name not in WITH_CURVES:
                message = f"{entry.name} has no curves; {' and '.join(WITH_CURVES)} have"
                raise SuiteError(message, (*path, key))
        for key in ("rows", "curves", "lines"):
            for place, pattern in enumerate(getattr(entry, key)):
                if not Term("", pattern).rows(rows):
                    raise _no_row(pattern, rows, (*path, key, place))
        shown = entry.labels(entry.rows, rows)
        if len(shown) > MOST:
            message = f"{len(shown)} rows: {', '.join(shown)}; at most {MOST} fit"
            raise SuiteError(message, (*path, "rows"))


def _no_row(pattern: str, rows: Sequence[Row], path: KeyPath) -> SuiteError:
    known = list(dict.fromkeys(row.label for row in rows))
    hint = did_you_mean(pattern, known)
    listed = textwrap.shorten(", ".join(known), 400)
    return SuiteError(f"no row is {pattern!r}{hint}; there are: {listed}", path)
