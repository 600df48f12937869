"""A run, the row that it belongs to, and which rows a label or pattern means."""

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from otlvm.harness.config import Config
from otlvm.harness.messages import KeyPath

BRACES = {"{{": "{", "}}": "}"}
"""How a label's template writes braces that stand for themselves."""


class Row(NamedTuple):
    """A row of the comparison.

    Attributes:
        label: What the table calls it.
        method: The label without the data set, where the same label stands for several of them.
        data: Name of the data set.
    """

    label: str
    method: str
    data: str


@dataclass(frozen=True)
class Run:
    """One cell of a suite: a config, a seed, and the label of the row it belongs to.

    Attributes:
        label: Label of the table's row.
        seed: The seed.
        config: Resolved `TrainedConfig` or `BaselineConfig`.
        origin: Key path of the entry that it came from, for error messages.
        method: The label without the data set, where the same label stands for several of them.
        data: Name of the data set, with the parameters that tell it from others of the suite.
    """

    label: str
    seed: int
    config: Config
    origin: KeyPath
    method: str = ""
    data: str = ""

    @property
    def row(self) -> Row:
        """The row that it belongs to."""
        return Row(self.label, self.method or self.label, self.data)


def rows_meant(pattern: str, rows: Iterable[Row]) -> list[Row]:
    """Return the rows that a label or pattern means, each once, in their order.

    A name means the rows of that label, and a label without its data set that row of each data
    set; what is no row's name is a pattern such as ``GM-WAE*``.
    """
    known = list(dict.fromkeys(rows))
    named = [row for row in known if pattern in (row.label, row.method)]
    return named or [row for row in known if fnmatch.fnmatchcase(row.label, pattern)]


def as_template(label: str) -> str:
    """Write a label as the template that gives it."""
    for twice, brace in BRACES.items():
        label = label.replace(brace, twice)
    return label
