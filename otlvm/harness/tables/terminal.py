"""Views on a terminal, broken into tables that fit it."""

from rich.box import SIMPLE_HEAD
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from otlvm.harness.tables.view import View
from otlvm.wording import printable

PADDING = 1
GAP = PADDING + 1  # and the box's own space
MOST = 200
"""Rows that are printed; nobody reads more, and a terminal takes seconds for a thousand."""


def print_view(view: View, console: Console) -> None:
    """Print a table, its problems and its note; of a long one the beginning."""
    view = view.first(MOST).written(printable)
    for chosen in view.split(console.width, GAP):
        table = Table(
            title=Text(view.title, "table.title"),
            title_justify="left",
            box=SIMPLE_HEAD,
            padding=(0, PADDING, 0, 0),
        )
        for index in chosen:
            column = view.columns[index]
            justify: JustifyMethod = "right" if column.numeric else "left"
            width = view.widths[index] if not column.key else None
            table.add_column(
                Text(column.heading), justify=justify, overflow="fold", max_width=width
            )
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
