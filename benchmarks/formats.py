"""Views as Markdown and LaTeX."""

from collections.abc import Sequence

from pylatexenc.latexencode import (
    RULE_DICT,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
)

from benchmarks.view import View

MARKDOWN_ESCAPES = str.maketrans({char: "\\" + char for char in "\\|*`<_"})
LATEX_RULES = {
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "²": r"$^2$",
    "–": "--",
    "\n": " ",
}


def to_markdown(views: Sequence[View]) -> str:
    """Write views as Markdown tables."""
    return "\n".join(_markdown(view) for view in views)


def _markdown(view: View) -> str:
    headings = [column.heading.translate(MARKDOWN_ESCAPES) for column in view.columns]
    lines = [f"## {view.title}", "", "| " + " | ".join(headings) + " |"]
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


def to_latex(views: Sequence[View]) -> str:
    """Write views as booktabs tables, which compile as they are."""
    packages = "% needs \\usepackage{booktabs} and \\usepackage{graphicx}\n"
    return packages + "\n".join(_latex(view) for view in views)


def _latex(view: View) -> str:
    encode = _latex_encoder().unicode_to_latex
    alignment = "".join("r" if column.numeric else "l" for column in view.columns)
    lines = [
        "\\begin{table}",
        f"  \\caption{{{encode(f'{view.title}. {view.note}')}}}",
        "  \\resizebox{\\linewidth}{!}{%",
        f"  \\begin{{tabular}}{{{alignment}}}",
        "    \\toprule",
        "    " + " & ".join(encode(column.heading) for column in view.columns) + r" \\",
        "    \\midrule",
    ]
    for index, group in enumerate(view.groups):
        if group.heading:
            lines += ["    \\midrule"] if index else []
            heading = encode(group.heading)
            lines.append(f"    \\multicolumn{{{len(alignment)}}}{{l}}{{\\emph{{{heading}}}}} \\\\")
        for row in group.rows:
            texts = [(encode(cell.text), cell.bold) for cell in row]
            cells = " & ".join(f"\\textbf{{{text}}}" if bold else text for text, bold in texts)
            lines.append(f"    {cells} \\\\")
    lines += ["    \\bottomrule", "  \\end{tabular}}", "\\end{table}", ""]
    return "\n".join(lines)


def _latex_encoder() -> UnicodeToLatexEncoder:
    rules = {ord(char): latex for char, latex in LATEX_RULES.items()}
    return UnicodeToLatexEncoder(
        conversion_rules=[UnicodeToLatexConversionRule(RULE_DICT, rules), "defaults"],
        unknown_char_policy=lambda char: f"[U+{ord(char):04X}]",
        unknown_char_warning=False,
    )
