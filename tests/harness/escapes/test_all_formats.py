"""Labels that a format could read as its own syntax, through every format and back."""

import csv
import io
import random
import re
import shutil
import subprocess
from html.parser import HTMLParser

import pandas as pd
import pytest
from markdown_it import MarkdownIt
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from otlvm.harness.escapes import latex, markdown
from otlvm.harness.escapes.csv import to_csv, unescape
from otlvm.harness.escapes.terminal import PlainConsole
from otlvm.harness.tables.html import to_html
from otlvm.harness.tables.latex import to_latex
from otlvm.harness.tables.markdown import to_markdown
from otlvm.harness.tables.terminal import print_view
from otlvm.harness.tables.view import Cell, Column, Group, View
from otlvm.wording import printable

FIRST = ["*", "* a", "*a*", "[a]", "[1ex] a", "-", "- a", "---", "+ a", "1. a", "1) a", "#", "# a"]
FIRST += [
    "> a",
    "= a",
    "===",
    "=1+1",
    "@a",
    "\t=1",
    "\r=1",
    "    code",
    ":--",
    "```a",
    "~~~",
    "'=1",
]
INSIDE = [
    "<b>a</b>",
    "<script>alert(1)</script>",
    "<!-- a",
    "a <img src=x onerror=y>",
    "&lt;",
    "&#42;",
]
INSIDE += [
    "[x](http://y)",
    "![x](y)",
    "[^1]",
    "http://y",
    "www.y.org",
    "<http://y>",
    "a|b",
    "|",
    r"a\|b",
]
INSIDE += [
    "a\\",
    r"\input{a}",
    r"\\[1ex]",
    "$x$",
    "$$",
    "100 %",
    "a & b",
    "a_b",
    "_a_",
    "~a~",
    "~~a~~",
    "^a",
]
INSIDE += [
    "{",
    "}",
    "{{ 1 }}",
    "{%",
    "a `b` c",
    "``",
    "**a**",
    "a #",
    "a ##",
    "a--b---c",
    "''a''",
    ",,",
    "?`",
]
INSIDE += [
    '"a"',
    "[red]a[/red]",
    ":b:",
    "a\nb",
    "a\r\nb",
    "a\u2028b",
    "a\x1b[31mb\x07\x00",
    "a\u202eb",
    "é λ 中 🙂",
]
LABELS = [*FIRST, *INSIDE]


def shown(label):
    """What a reader sees of a label on one line."""
    return printable(label).strip()


def view_of(label):
    columns = [Column("", numeric=False, key=True), Column(label), Column("n")]
    rows = [[Cell(label, label), Cell(label, label, bold=True), Cell("-0.5", -0.5)]] * 2
    return View(label, columns, [Group(label, rows), Group(label, rows)], label, [label])


class Read(HTMLParser):
    """The elements of a page and the texts in them, without line breaks between elements."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, [key for key, _ in attrs]))
        self.texts.append("")

    def handle_endtag(self, tag):
        self.tags.append(f"/{tag}")
        self.texts.append("")

    def handle_data(self, data):
        self.texts[-1:] = ["".join([*self.texts[-1:], data])]

    def words(self):
        return [" ".join(text.split()) for text in self.texts if text.strip()]


def as_markdown(view):
    return Read(
        MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(to_markdown([view]))
    )


def as_html(view):
    return Read(to_html(view))


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize(("read", "count"), [(as_markdown, 14), (as_html, 12)])
def test_pages_show_it_and_nothing_else(read, count, label):
    page, plain = read(view_of(label)), read(view_of("plain"))
    assert page.tags == plain.tags
    expected = " ".join(shown(label).split())
    assert page.words() == [expected if word == "plain" else word for word in plain.words()]
    assert plain.words().count("plain") == count


@pytest.mark.parametrize("label", LABELS)
def test_markdown_has_no_bare_address(label):
    assert not re.search(r"(?<!\\)://|www\.", markdown.escape(label))


@pytest.mark.parametrize("label", LABELS)
def test_csv_gives_it_back_and_no_spreadsheet_computes_it(label):
    frame = pd.DataFrame({"label": [label], "value": [-0.5], label: [label]})
    text = to_csv(frame)
    heading, row = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert [*map(unescape, heading)] == ["label", "value", label]
    assert (unescape(row[0]), float(row[1]), unescape(row[2])) == (label, -0.5, label)
    assert not any(re.match(r"[=+\-@\t\r\n]", cell) for cell in (*heading, row[0], row[2]))


@pytest.mark.parametrize("label", LABELS)
def test_terminals_show_it_and_nothing_else(label):
    output = io.StringIO()
    print_view(view_of(label), PlainConsole(file=output, width=200))
    text = output.getvalue()
    assert text.replace("\n", "").isprintable()
    plain = io.StringIO()
    print_view(view_of("plain"), PlainConsole(file=plain, width=200))
    assert text.count(shown(label)) >= plain.getvalue().count("plain") == 14
    assert len(text.splitlines()) == len(plain.getvalue().splitlines())


# LaTeX


def test_latex_of_a_text_is_that_of_its_marks_among_what_needs_none():
    """Only they are encoded; letters, digits, spaces and dots are as they are."""
    rng = random.Random(0)
    chars = ["a", "B", "7", ".", " ", *"±-'`,?!\"~^_&%#$|<[{*²–é中λж\u0301"]
    for _ in range(1000):
        text = "x" + "".join(rng.choices(chars, k=rng.randrange(8))) + "x"
        assert latex.escape(text) == latex._encoder().unicode_to_latex(text)


def read_latex(written):
    """What LaTeX shows, by pylatexenc, and by the names of what it does not know."""
    symbols = {"textless": "<", "textgreater": ">", "textbar": "|", "textquotedbl": '"'}
    known = [
        MacroTextSpec(name, text) for name, text in {**symbols, "textasciicircum": "^"}.items()
    ]
    context = get_default_latex_context_db()
    context.add_context_category("symbols", known, prepend=True)
    return LatexNodes2Text(context, keep_comments=True).latex_to_text(written)


@pytest.mark.parametrize("label", LABELS)
def test_latex_shows_it_and_nothing_else(label):
    written = latex.escape(label)
    known = {"中": "[U+4E2D]", "🙂": "[U+1F642]"}
    expected = "".join(known.get(char, char) for char in shown(label))
    assert read_latex(written) == expected
    assert written.isascii()
    assert not re.search(r"--|``|''|,,|[?!]`", written)  # which fonts join


@pytest.mark.parametrize("label", LABELS)
def test_no_row_of_latex_begins_with_what_the_one_before_reads(label):
    text = to_latex([view_of(label)])
    commands = r"\\\\|\\(?:top|mid|bottom)rule|\\centering|\\footnotesize"
    assert not re.search(rf"(?:{commands})\s*[*\[]", text)
    assert text.count("\n\n") == to_latex([view_of("plain")]).count("\n\n")


PREAMBLE = r"""\documentclass{article}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage{amssymb}
\usepackage[T1]{fontenc}
\begin{document}
\listoftables
"""


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_latex_compiles(tmp_path):
    texts = "".join(to_latex([view_of(label)]) + "\\clearpage\n" for label in LABELS)
    (tmp_path / "a.tex").write_text(f"{PREAMBLE}{texts}\\end{{document}}\n")
    for _ in range(2):  # with the list of tables
        words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
        ended = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False, timeout=120)
        assert ended.returncode == 0, ended.stdout.decode(errors="replace")[-3000:]
