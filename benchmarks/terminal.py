"""Views on a terminal, broken into tables that fit it."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.view import View

GAP = 1
LABEL_SHARE = 0.4


def print_view(view: View, console: Console) -> None:
    """Print a table, its problems and its note."""
    for chosen in _chunks(view, console.width):
        table = Table(
            title=view.title, title_justify="left", box=SIMPLE_HEAD, padding=(0, GAP, 0, 0)
        )
        for index in chosen:
            column = view.columns[index]
            justify, overflow = "right" if column.numeric else "left", "fold"
            table.add_column(column.heading, justify=justify, overflow=overflow)  # type: ignore[arg-type]
        for group in view.groups:
            if group.heading:
                table.add_row(Text(group.heading, "italic"), end_section=False)
            for row in group.rows:
                cells = [row[index] for index in chosen]
                table.add_row(*(Text(c.text, "bold green" if c.bold else "") for c in cells))
            table.add_section()
        console.print(table)
    for line in view.problems:
        console.print(line, style="red", markup=False)
    if view.note:
        console.print(view.note, style="dim", markup=False)


def _chunks(view: View, width: int) -> Iterator[list[int]]:
    """Yield the columns of each table: all that tell what a row is, and as many more as fit."""
    widths = [cell_len(column.heading) + GAP for column in view.columns]
    for group in view.groups:
        for row in group.rows:
            for index, cell in enumerate(row):
                widths[index] = max(widths[index], cell_len(cell.text) + GAP)
    keys = [index for index, column in enumerate(view.columns) if column.key]
    used = min(sum(widths[index] for index in keys), int(LABEL_SHARE * width)) + 1
    left, chosen = width - used, list[int]()
    for index in range(len(view.columns)):
        if index in keys:
            continue
        if chosen and widths[index] > left:
            yield keys + chosen
            left, chosen = width - used, []
        chosen.append(index)
        left -= widths[index]
    yield keys + chosen
