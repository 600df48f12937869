"""The schema of a suite's ``figures:``. Never imports matplotlib."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from pydantic import Field

from benchmarks.claims import Row, Term
from benchmarks.strict import Strict

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
