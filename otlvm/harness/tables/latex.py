"""Views as Markdown and LaTeX."""

import re
from collections.abc import Callable, Iterator, Sequence

from pylatexenc.latexencode import (
    RULE_DICT,
    RULE_REGEX,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
)

from otlvm.harness.tables.view import WRAP, Cell, View

Row = tuple[str, Sequence[Cell]]

LATEX_PACKAGES = (
    "% needs \\usepackage{booktabs}, \\usepackage{graphicx}, \\usepackage{amssymb} and "
    "\\usepackage[T1]{fontenc}\n"
)
LATEX_WIDTH, LATEX_GAP = 88, 3  # characters of \footnotesize in an article's column
LATEX_LINES = 36  # rows that fit a page, below a caption
SHRINK = r"\ifdim\width>\linewidth\linewidth\else\width\fi"
CYRILLIC = re.compile("[\u0400-\u052f]")
LATEX_RULES = {
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "²": r"$^2$",
    "–": "--",
    "\n": " ",
}


def to_latex(views: Sequence[View]) -> str:
    """Write views as booktabs tables, which compile as they are in an article's column."""
    return LATEX_PACKAGES + "\n".join(_latex(view) for view in views)


def _latex(view: View) -> str:
    encode = _latex_encoder().unicode_to_latex
    caption, floats = f"{view.title}. {view.note}", list[str]()
    for blocks in _floats(view):
        tables = ["\n".join(_tabular(view, part, rows, encode)) for part, rows in blocks]
        floats += [
            "\\begin{table}",
            "  \\centering",
            f"  \\caption{{{encode(caption)}}}",
            "  \\footnotesize",
            "\n\n  \\medskip\n".join(tables),
            "\\end{table}",
            "",
        ]
        caption = f"{view.title}, continued."
    return "\n".join(floats)


def _floats(view: View) -> Iterator[list[tuple[list[int], list[Row]]]]:
    """Yield the columns and rows of each table of each float: what fits a page."""
    rows, blocks, lines = view.rows(), list[tuple[list[int], list[Row]]](), 0
    for part in view.split(LATEX_WIDTH, LATEX_GAP):
        for start in range(0, len(rows), LATEX_LINES):
            chosen = rows[start : start + LATEX_LINES]
            if blocks and lines + len(chosen) > LATEX_LINES:
                yield blocks
                blocks, lines = [], 0
            blocks.append((part, chosen))
            lines += len(chosen) + 2
    yield blocks


def _tabular(
    view: View, chosen: Sequence[int], rows: Sequence[Row], encode: Callable[[str], str]
) -> list[str]:
    columns = [view.columns[index] for index in chosen]
    wrapped = f"p{{{WRAP // 2}em}}"
    alignment = "".join(
        "r" if view.columns[i].numeric else wrapped if view.width(i) == WRAP else "l"
        for i in chosen
    )
    lines = [
        # Shrunk only where a label is too long for the rest to fit.
        f"  \\resizebox{{{SHRINK}}}{{!}}{{%",
        f"  \\begin{{tabular}}{{{alignment}}}",
        "    \\toprule",
        "    " + " & ".join(encode(column.heading) for column in columns) + r" \\",
        "    \\midrule",
    ]
    for count, (heading, row) in enumerate(rows):
        if heading:
            lines += ["    \\midrule"] if count else []
            shown = f"\\emph{{{encode(heading)}}}"
            lines.append(f"    \\multicolumn{{{len(chosen)}}}{{l}}{{{shown}}} \\\\")
        texts = [(encode(row[index].text), row[index].bold) for index in chosen]
        cells = " & ".join(f"\\textbf{{{text}}}" if bold else text for text, bold in texts)
        lines.append(f"    {cells} \\\\")
    return [*lines, "    \\bottomrule", "  \\end{tabular}}"]


def _latex_encoder() -> UnicodeToLatexEncoder:
    rules = {ord(char): latex for char, latex in LATEX_RULES.items()}
    return UnicodeToLatexEncoder(
        conversion_rules=[
            UnicodeToLatexConversionRule(RULE_DICT, rules),
            UnicodeToLatexConversionRule(RULE_REGEX, [(CYRILLIC, lambda m: _code_point(m[0]))]),
            "defaults",
        ],
        unknown_char_policy=_code_point,
        unknown_char_warning=False,
    )


def _code_point(char: str) -> str:
    """What stands for a letter that LaTeX's usual fonts lack."""
    return f"[U+{ord(char):04X}]"
