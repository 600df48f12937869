"""A comparison laid out as a table, before it becomes text: what every format writes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from rich.cells import cell_len

WRAP = 28
"""Characters after which a text is wrapped, outside the columns that tell what a row is."""
KEYS_SHARE = 0.4
"""The share of the width that the columns that tell what a row is may take at most."""


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
    """Rows under a heading of their own; an empty heading is not shown."""

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

    def written(self, escape: Callable[[str], str]) -> "View":
        """Return the view with all its texts as a format writes them."""
        groups = [
            Group(
                escape(group.heading),
                [[Cell(escape(c.text), c.sort, c.bold) for c in row] for row in group.rows],
            )
            for group in self.groups
        ]
        columns = [replace(column, heading=escape(column.heading)) for column in self.columns]
        problems = [escape(line) for line in self.problems]
        return View(escape(self.title), columns, groups, escape(self.note), problems)

    def first(self, most: int) -> "View":
        """Return the view's first rows and problems, so many of each at most, and say so."""
        left, groups = most, list[Group]()
        for group in self.groups:
            groups.append(Group(group.heading, group.rows[:left]))
            left -= len(groups[-1].rows)
            if not left:
                break
        count = sum(len(group.rows) for group in self.groups)
        told = [
            f"The first {most:,} of {of:,} {what} are shown."
            for of, what in ((count, "rows"), (len(self.problems), "rows with problems"))
            if of > most
        ]
        note = " ".join([*told, self.note])
        return replace(self, groups=groups, problems=self.problems[:most], note=note)

    @cached_property
    def rows(self) -> Sequence[tuple[str, Sequence[Cell]]]:
        """All rows, the first of each group with the group's heading."""
        return [
            ("" if index else group.heading, row)
            for group in self.groups
            for index, row in enumerate(group.rows)
        ]

    @cached_property
    def widths(self) -> Sequence[int]:
        """The characters that each column needs; texts are wrapped where they are long."""
        found = []
        for index, column in enumerate(self.columns):
            texts = (column.heading, *(row[index].text for _, row in self.rows))
            needed = max(map(cell_len, texts))
            found.append(needed if column.numeric or column.key else min(needed, WRAP))
        return found

    def split(self, width: int, gap: int) -> Iterator[list[int]]:
        """Break the columns so that each part fits a width.

        Args:
            width: How many characters fit.
            gap: Characters between two columns.

        Yields:
            Columns of each part: all key columns, and as many others as fit.
        """
        widths = [width + gap for width in self.widths]
        keys = [index for index, column in enumerate(self.columns) if column.key]
        used = min(sum(widths[index] for index in keys), int(KEYS_SHARE * width)) + gap
        left, chosen = width - used, list[int]()
        for index in range(len(self.columns)):
            if index in keys:
                continue
            if chosen and widths[index] > left:
                yield keys + chosen
                left, chosen = width - used, []
            chosen.append(index)
            left -= widths[index]
        yield keys + chosen
