"""Texts in LaTeX."""

import re
import unicodedata
from functools import cache, lru_cache

from pylatexenc.latexencode import (
    RULE_DICT,
    RULE_REGEX,
    UnicodeToLatexConversionRule,
    UnicodeToLatexEncoder,
)

from otlvm.wording import printable

_LETTERS = {
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    '"': r"\textquotedbl{}",
    "²": r"$^2$",
    "–": "--",
}
_MARKS = re.compile(".?[^A-Za-z0-9 .]+")  # and what an accent stands on; the rest is as it is
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LIGATURE = re.compile(r"([-'`,])(?=\1)|[?!](?=`)")  # -- is a dash, `` a quotation mark, ?` is ¿


def escape(text: str) -> str:
    """Write a text that may stand anywhere, at the beginning of a row too."""
    written = _MARKS.sub(lambda marks: _encoded(marks[0]), printable(text).strip())
    # A row begins behind the \\ or the rule of the one before, which reads * and [ as its own.
    return f"{{{written[0]}}}{written[1:]}" if written.startswith(("*", "[")) else written


@lru_cache
def _encoded(marks: str) -> str:
    written: str = _encoder().unicode_to_latex(marks)
    return written


def key(text: str) -> str:
    r"""Write a text as a part of a ``\label``: ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text)
    named = (char if char.isascii() else f"{ord(char):x}" for char in plain if not _is_accent(char))
    return re.sub("[^A-Za-z0-9]+", "-", "".join(named)).strip("-")


def _is_accent(char: str) -> bool:
    return unicodedata.combining(char) > 0


@cache
def _encoder() -> UnicodeToLatexEncoder:
    rules = {ord(char): latex for char, latex in _LETTERS.items()}
    patterns = [
        (_CYRILLIC, lambda found: _code_point(found[0])),
        (_LIGATURE, lambda found: f"{found[0]}{{}}"),
    ]
    return UnicodeToLatexEncoder(
        conversion_rules=[
            UnicodeToLatexConversionRule(RULE_DICT, rules),
            UnicodeToLatexConversionRule(RULE_REGEX, patterns),
            "defaults",
        ],
        unknown_char_policy=_code_point,
        unknown_char_warning=False,
    )


def _code_point(char: str) -> str:
    """What stands for a letter that LaTeX's usual fonts lack."""
    return f"[U+{ord(char):04X}]"
