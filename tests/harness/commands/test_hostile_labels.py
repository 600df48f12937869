"""One hostile row, from the records through every command that names it to every file."""

import csv
import re

import pytest
from markdown_it import MarkdownIt

from otlvm.harness.commands import agreement, compare, curves, report, status, table
from otlvm.harness.comparison.repetitions import read_rows
from otlvm.harness.escapes.csv import unescape

HOSTILE = (
    "=1+1 \x1b]0;t\x07\x1b[31m[red]<b onclick=x>[x](http://y)|\\\\[1ex]\n# $x$ %&_~^{\r\u202e λ"
)
CURVES = [{"step": step, "bce": 100.0 - step, "accuracy": step / 10} for step in (1, 2, 3)]


@pytest.fixture
def store(commit, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    rows = {
        HOSTILE: [{"accuracy": 0.5, "latent_mmd": -0.5}] * 3,
        f"*{HOSTILE}": [("failed", HOSTILE)],
    }
    metrics = [{"name": "accuracy", "title": HOSTILE}, "latent_mmd"]
    return commit(rows, curves=CURVES, table={"metrics": metrics})


@pytest.mark.parametrize("command", [table, status, curves, report, agreement])
def test_commands_print_no_code(store, capsys, command):
    assert command.main([str(store.root)]) == 0
    printed = capsys.readouterr()
    assert (printed.out + printed.err).replace("\n", "").isprintable()
    if command in (table, status, agreement):
        assert "\\x1b[31m[red]" in printed.out


def test_compare_prints_no_code(store, capsys, tmp_path):
    path = tmp_path / "c.csv"
    assert compare.main([str(store.root), str(store.root), "--csv", str(path)]) == 0
    assert capsys.readouterr().out.replace("\n", "").isprintable()
    assert {unescape(row["label"]) for row in read(path)} == {HOSTILE}


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_csv_files_are_read_back(store):
    table.main([str(store.root)])
    curves.main([str(store.root)])
    agreement.main([str(store.root)])
    assert read_rows(store.root / "runs.csv") == {
        (HOSTILE, seed): {"accuracy": 0.5, "latent_mmd": -0.5} for seed in range(3)
    }
    for name in ("runs.csv", "table.csv", "table_long.csv", "curves.csv", "agreement.csv"):
        rows = read(store.root / name)
        assert HOSTILE in {unescape(row["label"]) for row in rows}
        texts = [cell for row in rows for cell in row.values() if not is_number(cell)]
        assert not any(re.match(r"[=+\-@\t\r\n]", cell) for cell in texts)
    assert {row["latent_mmd"] for row in read(store.root / "runs.csv")} == {"-0.5", ""}


def is_number(text):
    try:
        return float(text) is not None
    except ValueError:
        return False


def test_pages_hold_it_as_text(store):
    table.main([str(store.root)])
    report.main([str(store.root)])
    for name in ("table.md", "table.html", "report.html"):
        text = (store.root / name).read_text(encoding="utf-8")
        assert "<b onclick" not in text
        assert "&lt;b onclick" in text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    page = MarkdownIt("commonmark").enable("table").render((store.root / "table.md").read_text())
    assert not re.search("<(a|b|img|br|h1)[ >/]", page)
    assert not re.search(r"\\\\\s*[*\[]", (store.root / "table.tex").read_text())
