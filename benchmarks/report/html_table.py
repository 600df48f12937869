"""A laid-out comparison as an HTML table."""

import math

from markupsafe import Markup

from benchmarks.report.templates import TEMPLATES
from benchmarks.view import Cell, View


def to_html(view: View) -> Markup:
    """Write a table that a page can sort: each cell says by what, and groups have bodies.

    Returns:
        A ``<table>``, without the note and the problems.
    """
    return Markup(TEMPLATES.get_template("table.html").render(view=view, key=sort_key))  # noqa: S704


def sort_key(cell: Cell) -> dict[str, str]:
    """Return the attribute by which a cell is sorted; none if it sorts last."""
    if cell.sort is None:
        return {}
    if isinstance(cell.sort, str):
        return {"data-text": cell.sort}
    number = float(cell.sort)
    if math.isnan(number):
        return {}
    words = {math.inf: "Infinity", -math.inf: "-Infinity"}  # as JavaScript spells them
    return {"data-number": words.get(number, repr(number))}
