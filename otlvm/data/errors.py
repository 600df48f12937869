"""What is wrong with data, in one line that a screen can show."""

from collections.abc import Collection

MOST = 1200
"""Characters of a message."""
MOST_OF_A_WORD = 40


class DataError(ValueError):
    """A data file that is missing, damaged or of the wrong form; the message names the remedy.

    Whatever it quotes (labels, file names, other programs' errors), it is one line and fits on a
    screen: what is over is cut out of the middle.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_one_line(message))


def listed(words: Collection[object], most: int = 5) -> str:
    """Write ``a, b, c``, or ``a, b, c, d, e and 95 others``."""
    shown = [_short(str(word)) for word, _ in zip(words, range(most), strict=False)]
    rest = len(words) - len(shown)
    others = "" if not rest else " and 1 other" if rest == 1 else f" and {rest:,} others"
    return ", ".join(shown) + others


def reason(error: Exception) -> str:
    """Write what another program says is wrong; its name for it where it says nothing."""
    return str(error) or type(error).__name__


def _short(word: str) -> str:
    return word if len(word) <= MOST_OF_A_WORD else word[: MOST_OF_A_WORD - 3] + "..."


def _one_line(text: str) -> str:
    if len(text) > MOST:  # the beginning says where, the end what to do
        text = f"{text[: MOST // 2]} ... {text[5 - MOST // 2 :]}"
    return printable(text)


def printable(text: str) -> str:
    """Write a text without line breaks, control codes and bytes that are no text."""
    return "".join(_printable(char) for char in text)


def _printable(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else char.encode("unicode_escape").decode()
