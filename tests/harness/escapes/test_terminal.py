import io

import pytest
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

from otlvm.harness.commands import streams
from otlvm.harness.escapes.terminal import PlainConsole

HOSTILE = "[b]a:b:\x1b[31m\x1b]0;title\x07\x9b2J\u202e\rb"


def table():
    table = Table(HOSTILE)
    table.add_row(Text(HOSTILE), HOSTILE)
    return table


def bar(console):
    progress = Progress(TextColumn("{task.description}", markup=False), console=console)
    progress.add_task(HOSTILE, total=1)
    return progress.get_renderable()


@pytest.mark.parametrize(
    "build", [lambda _: HOSTILE, lambda _: Text(HOSTILE), lambda _: table(), bar]
)
def test_no_code_of_a_text_reaches_the_terminal(build):
    output = io.StringIO()
    console = PlainConsole(file=output, width=120)
    console.print(build(console))
    shown = output.getvalue()
    assert r"[b]a:b:\x1b[31m" in shown
    assert "".join(shown.split("\n")).isprintable()


def test_codes_of_rich_s_own_do():
    output = io.StringIO()
    console = PlainConsole(file=output, force_terminal=True, width=80)
    console.print(HOSTILE, style="red", highlight=False)
    console.show_cursor(False)
    assert output.getvalue().startswith("\x1b[31m[b]a:b:\\x1b[31m")
    assert output.getvalue().endswith("\x1b[0m\n\x1b[?25l")


def test_lines_stay_lines():
    output = io.StringIO()
    PlainConsole(file=output, width=80).print("a\nb\tc")
    assert output.getvalue() == "a\nb       c\n"


def test_commands_have_such_consoles():
    assert isinstance(streams.output(), PlainConsole)
    assert isinstance(streams.errors(), PlainConsole)
