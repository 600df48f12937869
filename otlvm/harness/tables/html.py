"""A laid-out comparison as an HTML table."""

import math
from pathlib import Path

from markupsafe import Markup

from otlvm.harness.escapes.html import templates_in
from otlvm.harness.tables.view import Cell, View
from otlvm.wording import printable

TEMPLATES = templates_in(Path(__file__).parent)
TABLE, NOTES = map(TEMPLATES.get_template, ("table.html", "notes.html"))


def to_html(view: View) -> Markup:
    """Write a table that a page can sort: each cell says by what, and groups have bodies.

    Returns:
        A ``<table>``, without the note and the problems.
    """
    return Markup(TABLE.render(view=view, key=sort_key))  # noqa: S704


def notes_of(view: View) -> Markup:
    """Write what stands below a table: its problems and its note."""
    return Markup(NOTES.render(view=view))  # noqa: S704


def with_notes(view: View) -> Markup:
    """Write a table, and below it its problems and its note."""
    return to_html(view) + notes_of(view)


def sort_key(cell: Cell) -> Markup:
    """Return the attribute by which a cell is sorted; none if it sorts last."""
    if isinstance(cell.sort, str):
        return Markup(' data-text="{}"').format(printable(cell.sort))
    if cell.sort is None or math.isnan(cell.sort):
        return Markup("")
    words = {math.inf: "Infinity", -math.inf: "-Infinity"}  # as JavaScript spells them
    number = float(cell.sort)
    return Markup(f' data-number="{words.get(number, repr(number))}"')  # noqa: S704
