"""Views as LaTeX."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from otlvm.harness.escapes.latex import escape, key
from otlvm.harness.tables.view import WRAP, Cell, View

WITHOUT = "Runs without a result:"
Row = tuple[str, Sequence[Cell]]

LATEX_PACKAGES = (
    "% needs \\usepackage{booktabs}, \\usepackage{graphicx}, \\usepackage{amssymb} and "
    "\\usepackage[T1]{fontenc}\n"
)
LATEX_WIDTH, LATEX_GAP = 88, 3  # characters of \footnotesize in an article's column
LATEX_LINES = 54  # of \footnotesize on a page of an article, below a caption; 56 just fit
FRAME_LINES = 3  # a table's headings, its rules, and the gap to the next one
HEADING_LINES = 2  # a group's heading and the rule above it
SHRINK = r"\ifdim\width>\linewidth\linewidth\else\width\fi"


def to_latex(views: Sequence[View]) -> str:
    r"""Write views as booktabs tables, which compile as they are in an article's column.

    Args:
        views: The first one is the comparison, whose title is the suite's name: ``\label`` is
            ``tab:NAME`` for it and ``tab:NAME-title`` for the others.
    """
    if not views:
        return LATEX_PACKAGES
    name = key(views[0].title)
    names = [name, *(f"{name}-{key(view.title).lower()}" for view in views[1:])]
    tables = [_latex(view, f"tab:{label}") for view, label in zip(views, names, strict=True)]
    return LATEX_PACKAGES + "\n".join(tables)


def _latex(view: View, label: str) -> str:
    view = replace(view, problems=_fitting(view))
    shown = view.written(escape)
    caption, named, note = shown.title, [f"  \\label{{{label}}}"], _note(shown)
    floats = list[str]()
    for blocks in _floats(view):
        tables = ["\n".join(_tabular(view, shown, part, rows)) for part, rows in blocks]
        floats += [
            "\\begin{table}",
            "  \\centering",
            f"  \\caption{{{caption}}}",
            *named,
            "  \\footnotesize",
            "\n\n  \\medskip\n".join(tables),
            *note,
            "\\end{table}",
            "",
        ]
        caption, named, note = f"{shown.title}, continued", [], []
    return "\n".join(floats)


def _note(shown: View) -> list[str]:
    told = [shown.note] if shown.note else []
    told += [WITHOUT, *shown.problems] if shown.problems else []
    if not told:
        return []
    return ["", "  \\medskip", f"  \\raggedright {told[0]}", *(f"  \\par {t}" for t in told[1:])]


def _fitting(view: View) -> list[str]:
    """Leave as many problems as fit half a page with the note, and say how many more there are."""
    room, left = LATEX_LINES // 2 - _lines(view.note) - 2, list[str]()
    for problem in view.problems:
        room -= _lines(problem)
        if room < 0:
            return [*left, f"And {len(view.problems) - len(left)} more rows; table.md names all."]
        left.append(problem)
    return left


def _lines(text: str) -> int:
    return len(textwrap.wrap(text, LATEX_WIDTH))


def _floats(view: View) -> Iterator[list[tuple[list[int], range]]]:
    """Yield the columns and rows of each table of each float: what fits a page."""
    told = _lines(view.note) + sum(map(_lines, view.problems)) + bool(view.problems)
    room = max(LATEX_LINES - told, LATEX_LINES // 2)
    blocks, used = list[tuple[list[int], range]](), 0
    for part in view.split(LATEX_WIDTH, LATEX_GAP):
        for rows, lines in _pages(view, part, room):
            if blocks and used + lines > room:
                yield blocks
                blocks, used = [], 0
            blocks.append((part, rows))
            used += lines
    yield blocks


def _pages(view: View, part: Sequence[int], room: int) -> Iterator[tuple[range, int]]:
    """Yield as many rows as fit a page, and the lines that they take."""
    wrapped = [index for index in part if _is_wrapped(view, index)]
    first, used = 0, FRAME_LINES
    rows = view.rows
    for number, (heading, row) in enumerate(rows):
        needed = max((len(textwrap.wrap(row[i].text, WRAP - 4)) for i in wrapped), default=1)
        lines = max(needed, 1) + (HEADING_LINES if heading else 0)
        if number > first and used + lines > room:
            yield range(first, number), used
            first, used = number, FRAME_LINES
        used += lines
    yield range(first, len(rows)), used


def _is_wrapped(view: View, index: int) -> bool:
    return not view.columns[index].numeric and view.widths[index] == WRAP


def _tabular(view: View, shown: View, part: Sequence[int], chosen: range) -> list[str]:
    wrapped = f"p{{{WRAP // 2}em}}"
    alignment = "".join(
        "r" if view.columns[i].numeric else wrapped if _is_wrapped(view, i) else "l" for i in part
    )
    rows: Sequence[Row] = shown.rows[chosen.start : chosen.stop]
    lines = [
        # Shrunk only where a label is too long for the rest to fit.
        f"  \\resizebox{{{SHRINK}}}{{!}}{{%",
        f"  \\begin{{tabular}}{{{alignment}}}",
        "    \\toprule",
        "    " + " & ".join(shown.columns[index].heading for index in part) + r" \\",
        "    \\midrule",
    ]
    for number, (heading, row) in enumerate(rows):
        if heading:
            lines += ["    \\midrule"] if number else []
            lines.append(f"    \\multicolumn{{{len(part)}}}{{l}}{{\\emph{{{heading}}}}} \\\\")
        cells = [row[index] for index in part]
        texts = [f"\\textbf{{{cell.text}}}" if cell.bold else cell.text for cell in cells]
        lines.append("    " + " & ".join(texts) + r" \\")
    return [*lines, "    \\bottomrule", "  \\end{tabular}}"]
