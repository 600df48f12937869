"""Views as Markdown."""

from collections.abc import Sequence

from otlvm.harness.tables.view import View

MARKDOWN_ESCAPES = str.maketrans({**{char: "\\" + char for char in "\\|*`<_$"}, "\n": " "})


def to_markdown(views: Sequence[View]) -> str:
    """Write views as Markdown tables."""
    return "\n".join(_markdown(view) for view in views)


def _markdown(view: View) -> str:
    headings = [column.heading.translate(MARKDOWN_ESCAPES) for column in view.columns]
    title = view.title.translate(MARKDOWN_ESCAPES)
    lines = [f"## {title}", "", "| " + " | ".join(headings) + " |"]
    lines.append("|" + "---|" * len(headings))
    for group in view.groups:
        if group.heading:
            heading = group.heading.translate(MARKDOWN_ESCAPES)
            lines.append(f"| *{heading}* |" + " |" * (len(headings) - 1))
        for row in group.rows:
            texts = [(cell.text.translate(MARKDOWN_ESCAPES), cell.bold) for cell in row]
            cells = " | ".join(f"**{text}**" if bold else text for text, bold in texts)
            lines.append(f"| {cells} |")
    lines.append("")
    lines += [f"- {line.translate(MARKDOWN_ESCAPES)}" for line in view.problems]
    lines += ["", view.note, ""] if view.problems else [view.note, ""]
    return "\n".join(lines)
