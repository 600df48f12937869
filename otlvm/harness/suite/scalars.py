"""What a word of YAML 1.2 means: the numbers, truth values and null of its core schema (10.3).

``0100`` is one hundred and ``0o14`` is twelve; ``1_0``, ``1:30``, ``0b101``, ``on`` and
``2001-12-14`` are texts, which YAML 1.1 took for ten, ninety, five, a truth value and a date.
"""

import math
import re
from typing import Any

from otlvm.wording import cut

MOST_DIGITS = 250
"""Longer whole numbers are refused: a float cannot hold them, and Python reads no 5,000 digits."""

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_TYPES: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
}


def plain(word: str) -> Any:
    """Return what a word without quotes stands for.

    Raises:
        ValueError: If it is a number that Python's cannot hold.
    """
    if word in _WORDS:
        return _WORDS[word]
    if word[0] not in "+-.0123456789":
        return word
    if _INTEGER.fullmatch(word):
        return _integer(word)
    return _float(word) if _FLOAT.fullmatch(word) else word


def tagged(kind: str, word: str) -> Any:
    """Return what a word stands for that says what it is, such as ``!!str 12``.

    Raises:
        LookupError: If the schema has no such kind.
        ValueError: If it is nothing of this kind.
    """
    if kind == "str":
        return word
    types = _TYPES[kind]
    value = plain(word)
    if type(value) not in types:
        raise ValueError(f"!!{kind} {cut(word)!r} is no {kind}")
    return float(value) if kind == "float" else value


def _integer(word: str) -> int:
    if len(word) > MOST_DIGITS:
        raise ValueError(f"{cut(word, 30)} has {len(word):,} digits, more than {MOST_DIGITS}")
    return int(word, {"0o": 8, "0x": 16}.get(word[:2], 10))


def _float(word: str) -> float:
    value = float(word)
    if math.isinf(value):
        raise ValueError(f"{cut(word, 30)} is too large for a number; .inf is infinity")
    if value == 0 and re.search("[1-9]", re.split("[eE]", word)[0]):
        raise ValueError(f"{cut(word, 30)} is too small for a number other than 0")
    return value
