"""What stands where in a LaTeX table, and that it fits a page."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from otlvm.harness.escapes.latex import key
from otlvm.harness.tables.latex import to_latex
from otlvm.harness.tables.view import Cell, Column, Group, View

NOTE = "Mean ± standard deviation over seeds (n), held-out data, eval mode. " * 6
LABEL = "GM-WAE (IMQ, joint)"


def view_of(rows, metrics, note=NOTE, groups=1, words=0, title="my_suite"):
    columns = [Column("", numeric=False, key=True), Column("n", key=True)]
    columns += [Column("accuracy ↑")] * metrics + [Column("protocol", numeric=False)]
    numbers = [Cell("0.395 ± 0.041", 0.395, bold=True)] * metrics
    cells = [Cell("3"), *numbers, Cell("some words " * words)]
    names = [f"group {index}" if groups > 1 else "" for index in range(groups)]
    drawn = [[Cell(f"{LABEL} {index}"), *cells] for index in range(rows)]
    return View(title, columns, [Group(name, drawn) for name in names], note)


def floats(text):
    return text.split("\\begin{table}")[1:]


def test_the_caption_is_short_and_the_note_stands_below():
    (table,) = floats(to_latex([view_of(3, 2)]))
    order = [
        "\\caption{my\\_suite}\n",
        "\\label{tab:my-suite}\n",
        "\\bottomrule",
        "Mean \\ensuremath",
    ]
    places = [table.index(part) for part in order]
    assert places == sorted(places)
    (bare,) = floats(to_latex([view_of(3, 2, note="")]))
    assert bare.endswith("\\end{tabular}}\n\\end{table}\n")


def test_each_table_has_one_label_that_names_the_suite():
    views = [view_of(100, 9), view_of(3, 2, title="Claims"), view_of(3, 2, title="Published BCE")]
    text = to_latex(views)
    assert re.findall(r"\\label\{(.*)\}", text) == [
        "tab:my-suite",
        "tab:my-suite-claims",
        "tab:my-suite-published-bce",
    ]
    assert all("\\label" in table for table in floats(text) if "continued" not in table)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("paper_10d_cpu", "paper-10d-cpu"),
        ("a.b-c", "a-b-c"),
        ("é", "e"),
        ("λ", "3bb"),
        ("_a}\\b%", "a-b"),
    ],
)
def test_keys_are_letters_digits_and_hyphens(name, written):
    assert key(name) == written


@pytest.mark.parametrize(
    ("rows", "metrics", "words"), [(12, 8, 0), (20, 3, 0), (6, 13, 0), (3, 2, 10)]
)
def test_a_table_of_usual_size_is_one_float(rows, metrics, words):
    assert len(floats(to_latex([view_of(rows, metrics, words=words)]))) == 1


def test_long_texts_and_groups_take_their_room():
    assert len(floats(to_latex([view_of(12, 2, words=20)]))) > 1
    assert len(floats(to_latex([view_of(1, 2, groups=30)]))) > len(
        floats(to_latex([view_of(30, 2)]))
    )


def test_every_row_stands_in_each_part_once():
    text = to_latex([view_of(100, 9)])
    parts = len(re.findall(rf"{re.escape(LABEL)} 0 &", text))
    assert parts > 1
    found = re.findall(rf"{re.escape(LABEL)} (\d+) &", text)
    assert found == [str(index) for index in range(100)] * parts


def test_problems_stand_below_and_leave_room_for_the_table():
    few = [f"row {i}: seed 0 failed: ValueError" for i in range(3)]
    (table,) = floats(to_latex([replace(view_of(3, 2), problems=few)]))
    assert table.count("\\par row ") == 3
    assert "more rows" not in table
    many = [f"row {i}: seed 0 failed: {'because ' * 30}" for i in range(100)]
    text = to_latex([replace(view_of(100, 2), problems=many)])
    shown = text.count("\\par row ")
    assert 3 < shown < 9
    assert f"And {100 - shown} more rows; table.md names all." in text
    assert "more rows" in floats(text)[0]
    assert len(floats(text)) == 1 + len(floats(to_latex([view_of(100, 2)])))


def test_no_views_no_tables():
    assert floats(to_latex([])) == []


PREAMBLE = r"""\documentclass{article}
\usepackage{booktabs}
\usepackage{graphicx}
\usepackage{amssymb}
\usepackage[T1]{fontenc}
\begin{document}
"""


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_every_float_fits_a_page(tmp_path):
    views = [view_of(100, 2), view_of(13, 13), view_of(9, 4, groups=9), view_of(30, 2, words=20)]
    problems = [f"row {i}: seed 0 failed: {'because ' * i}" for i in range(60)]
    views += [replace(view_of(100, 2), problems=problems)]
    views += [view_of(47, 2, NOTE * 3), view_of(4, 4, groups=12), view_of(40, 3, words=3)]
    text = to_latex(views).replace("\\begin{table}", "\\clearpage\\begin{table}")
    (tmp_path / "a.tex").write_text(f"{PREAMBLE}{text}\\end{{document}}\n")
    words = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, check=False, timeout=120)
    log = ended.stdout.decode(errors="replace")
    assert ended.returncode == 0, log[-3000:]
    assert "Float too large" not in log
    assert "Overfull" not in log
