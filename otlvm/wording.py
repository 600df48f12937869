"""How values and names are written in messages. Nothing here takes time to import."""

import difflib
from collections.abc import Iterable, Iterator
from typing import cast

_SPOKEN_YOU = ("uni", "use", "uint", "umap", "eu", "one")
_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}")}


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
    text = ""
    for part in _written(value, most):
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


def cut(text: str, most: int = 60) -> str:
    """Cut a word that is long."""
    return text if len(text) <= most else text[: most - 3] + "..."
