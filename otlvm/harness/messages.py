"""What people are told: bad input, an error in a line, durations, lines of a console."""

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from otlvm.wording import cut, did_you_mean, printable, shorten

if TYPE_CHECKING:  # rich takes a tenth of a second, and the workers of runs need none
    from rich.console import Console

KeyPath = tuple[str | int, ...]
MOST_NAMES = 400
"""Characters of a list of names in a message."""
MOST_CHARACTERS, MOST_LINES = 1_600, 20
"""What a screen of 80 characters shows of a message."""


class InputError(Exception):
    """Bad input, told on one screen: file, line, key path, problem and remedy.

    Attributes:
        message: The problem and its remedy; made to fit by `one_screen`.
        path: The keys that lead to the offending value.
    """

    def __init__(self, message: str, path: KeyPath = ()) -> None:
        self.message = one_screen(message)
        super().__init__(self.message)
        self.path = path


def one_screen(text: str) -> str:
    """Write a message so that any terminal can show it: cut, never empty, without control codes.

    What users, files and foreign code say may hold anything: a megabyte, escape sequences, or bytes
    of a file name that are no text.
    """
    lines = [_cut_middle(line) for line in text.strip().splitlines()] or ["no reason was given"]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], "..."]
    return _cut_middle("\n".join(map(printable, lines)))


def _cut_middle(text: str) -> str:
    """Keep the beginning, which says where, and the end, which says what to do."""
    if len(text) <= MOST_CHARACTERS:
        return text
    end = MOST_CHARACTERS // 2
    return f"{text[: MOST_CHARACTERS - end - 5]} ... {text[-end:]}"


def no_row(wanted: str, known: Iterable[str]) -> str:
    """Say that no row is called so, and which rows there are."""
    labels = list(dict.fromkeys(known))
    hint = did_you_mean(wanted, labels)
    listed = textwrap.shorten(", ".join(labels)[: 2 * MOST_NAMES], MOST_NAMES)
    return f"no row is {shorten(wanted)}{hint}; there are: {listed}"


def show_path(path: KeyPath) -> str:
    """Write a key path as ``runs[1].objective.beta``."""
    shown = "".join(f"[{key}]" if isinstance(key, int) else f".{cut(key)}" for key in path)
    return cut(shown.removeprefix("."), 300)


def show_duration(seconds: float) -> str:
    """Write a duration, such as ``2 h 05 min`` or ``40 s``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def one_line(error: BaseException) -> str:
    """Write an error without line breaks, control codes and bytes that are no text, and cut."""
    try:
        told = str(error)
    except Exception:  # a user's error may raise anything while it is written
        told = ""
    name = type(error).__name__
    text = f"{name}: {told}" if told.strip() else name
    return printable(_cut_middle(" ".join(_ends(text).split())))


def _ends(text: str) -> str:
    """Return the beginning and the end of a text that may be very long."""
    most = 4 * MOST_CHARACTERS
    return text if len(text) <= 2 * most else f"{text[:most]} {text[-most:]}"


def say(console: "Console", text: str, style: str | None = None) -> None:
    """Print a line as it is: no markup, no colours of its own, no line breaks of ours."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
