"""What people are told: bad input, an error in a line, durations, lines of a console."""

import difflib
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # rich takes a tenth of a second, and the workers of runs need none
    from rich.console import Console

KeyPath = tuple[str | int, ...]
MOST_NAMES = 400
"""Characters of a list of names in a message."""


class InputError(Exception):
    """Bad input, told on one screen: file, line, key path, problem and remedy.

    Attributes:
        message: The problem and its remedy.
        path: The keys that lead to the offending value.
    """

    def __init__(self, message: str, path: KeyPath = ()) -> None:
        super().__init__(message)
        self.message = message
        self.path = path


def no_row(wanted: str, known: Iterable[str]) -> str:
    """Say that no row is called so, and which rows there are."""
    labels = list(dict.fromkeys(known))
    close = difflib.get_close_matches(wanted, labels, n=1, cutoff=0.5)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    listed = textwrap.shorten(", ".join(labels), MOST_NAMES)
    return f"no row is {wanted!r}{hint}; there are: {listed}"


def show_path(path: KeyPath) -> str:
    """Write a key path as ``runs[1].objective.beta``."""
    shown = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return shown.removeprefix(".")


def show_duration(seconds: float) -> str:
    """Write a duration, such as ``2 h 05 min`` or ``40 s``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def one_line(error: BaseException) -> str:
    """Write an error without line breaks."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def say(console: "Console", text: str, style: str | None = None) -> None:
    """Print a line as it is: no markup, no colours of its own, no line breaks of ours."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
