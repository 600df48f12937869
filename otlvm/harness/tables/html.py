"""A laid-out comparison as an HTML table."""

import math
from pathlib import Path

from markupsafe import Markup

from otlvm.harness.escapes.html import templates_in
from otlvm.harness.tables.view import Cell, View
from otlvm.wording import printable

TABLE = templates_in(Path(__file__).parent).get_template("table.html")


def to_html(view: View) -> Markup:
    """Write a table that a page can sort: each cell says by what, and groups have bodies.

    Returns:
        A ``<table>``, without the note and the problems.
    """
    return Markup(TABLE.render(view=view, key=sort_key))  # noqa: S704


def sort_key(cell: Cell) -> dict[str, str]:
    """Return the attribute by which a cell is sorted; none if it sorts last."""
    if cell.sort is None:
        return {}
    if isinstance(cell.sort, str):
        return {"data-text": printable(cell.sort)}
    number = float(cell.sort)
    if math.isnan(number):
        return {}
    words = {math.inf: "Infinity", -math.inf: "-Infinity"}  # as JavaScript spells them
    return {"data-number": words.get(number, repr(number))}
