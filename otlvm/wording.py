"""How values and names are written in messages. Nothing here takes time to import."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import cast

_SPOKEN_YOU = ("uni", "use", "uint", "umap", "eu", "one")
_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}")}
_BARE = re.compile(r"[^\W\d][\w./*() +-]*(?<! )")
_WORDS = ("null", "true", "false")
"""Texts that YAML takes for something else."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` when a known word is close, else an empty string."""
    close = difflib.get_close_matches(word[:100], list(known), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def with_article(noun: str) -> str:
    """Write ``an objective``, ``a prior``, ``a UMAP``, ``an ndarray``: by how it is spoken."""
    word = noun.lower()
    vowel = word.startswith((*"aeio", "u", "nd")) and not word.startswith(_SPOKEN_YOU)
    return f"{'an' if vowel else 'a'} {noun}"


def shorten(value: object, most: int = 80) -> str:
    """Write a value for an error message, cut where it is long.

    A value is written no further than it is shown: a list that a few aliases of YAML multiply to
    millions costs no more than a word, and one that holds itself ends.

    Args:
        value: Anything.
        most: Characters to show.
    """
    return within(_written(value, most), most)


def flow(value: object, most: int = 80) -> str:
    """Write a plain value as a suite file would, on one line: ``{name: wae, weight: 5}``.

    A value is written no further than it is shown, as in `shorten`.

    Args:
        value: Dicts, lists, texts, numbers, truth values, None.
        most: Characters to show.
    """
    return within(_flow(value, most), most)


def within(parts: Iterable[str], most: int) -> str:
    """Join parts, no more of them than are shown."""
    text = ""
    for part in parts:
        text += part
        if len(text) > most:
            return text[: most - 3] + "..."
    return text


def _written(value: object, most: int) -> Iterator[str]:
    """Yield a value's repr in parts, texts no longer than needed."""
    if isinstance(value, dict) and value:
        for i, (key, inner) in enumerate(value.items()):
            yield ", " if i else "{"
            yield from _written(key, most)
            yield ": "
            yield from _written(inner, most)
        yield "}"
    elif type(value) in _BRACKETS and value:
        begin, end = _BRACKETS[type(value)]
        for i, inner in enumerate(cast("Iterable[object]", value)):
            yield ", " if i else begin
            yield from _written(inner, most)
        yield end
    elif isinstance(value, (str, bytes)):
        yield repr(value[: most + 1])
    elif isinstance(value, int) and value.bit_length() > 4 * most:
        yield f"a number of {value.bit_length():,} bits"  # Python may refuse to write its digits
    else:
        try:
            yield repr(value)
        except Exception as error:  # a user's object may raise anything
            yield f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"


def _flow(value: object, most: int) -> Iterator[str]:
    """Yield a value in YAML's flow style in parts."""
    if isinstance(value, Mapping):
        yield "{"
        for i, (key, inner) in enumerate(value.items()):
            yield ", " if i else ""
            yield from _flow(key, most)
            yield ": "
            yield from _flow(inner, most)
        yield "}"
    elif isinstance(value, (list, tuple)):
        yield "["
        for i, inner in enumerate(value):
            yield ", " if i else ""
            yield from _flow(inner, most)
        yield "]"
    elif isinstance(value, str):
        bare = _BARE.fullmatch(value[: most + 1]) and value.lower() not in _WORDS
        yield value[: most + 1] if bare else json.dumps(value[: most + 1], ensure_ascii=False)
    elif value is None or isinstance(value, bool):
        yield "null" if value is None else str(value).lower()
    else:
        yield from _written(value, most)


def cut(text: str, most: int = 60) -> str:
    """Cut a word that is long."""
    return text if len(text) <= most else text[: most - 3] + "..."


def printable(text: str) -> str:
    r"""Write a text on one line, without control codes and bytes that are no text.

    Spaces and line breaks of any kind are a space each; codes are seen: ``\x1b``.
    """
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else char.encode("unicode_escape").decode()


def encodable(text: str) -> str:
    r"""Write a text that any file can hold; bytes that were no text are ``\\udcff``."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def printable_lines(text: str) -> str:
    """Write a text of several lines as `printable` writes one."""
    if text.isprintable():
        return text
    return "\n".join(map(printable, text.expandtabs().split("\n")))
