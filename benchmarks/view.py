"""A comparison laid out as a table, before it becomes text: what every format writes."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One cell.

    Attributes:
        text: What it shows.
        sort: What it is sorted by; None sorts last.
        bold: Whether its row cannot be told from the best.
    """

    text: str
    sort: float | str | None = None
    bold: bool = False


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        heading: Its heading, with an arrow for the direction.
        numeric: Whether it is set flush right.
        key: Whether it tells what a row is; a terminal repeats it where it breaks a table.
    """

    heading: str
    numeric: bool = True
    key: bool = False


@dataclass(frozen=True)
class Group:
    """Rows under a heading of their own; an empty heading is none."""

    heading: str
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class View:
    """A whole table.

    Attributes:
        title: Its title.
        columns: Its columns; the first one names the row.
        groups: Its rows.
        note: What a reader has to know, the statistics' rule included.
        problems: One line for each row with runs that failed.
    """

    title: str
    columns: Sequence[Column]
    groups: Sequence[Group]
    note: str = ""
    problems: Sequence[str] = ()
