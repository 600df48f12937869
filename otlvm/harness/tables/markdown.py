"""Views as Markdown."""

from collections.abc import Sequence

from otlvm.harness.escapes.markdown import escape
from otlvm.harness.tables.view import View


def to_markdown(views: Sequence[View]) -> str:
    """Write views as Markdown tables."""
    return "\n".join(_markdown(view.written(escape)) for view in views)


def _markdown(view: View) -> str:
    headings = [column.heading for column in view.columns]
    lines = [f"## {view.title}", "", "| " + " | ".join(headings) + " |"]
    lines.append("|" + "---|" * len(headings))
    for group in view.groups:
        if group.heading:
            lines.append(f"| *{group.heading}* |" + " |" * (len(headings) - 1))
        for row in group.rows:
            cells = " | ".join(f"**{cell.text}**" if cell.bold else cell.text for cell in row)
            lines.append(f"| {cells} |")
    lines.append("")
    lines += [f"- {line}" for line in view.problems]
    lines += ["", view.note, ""] if view.problems else [view.note, ""]
    return "\n".join(lines)
