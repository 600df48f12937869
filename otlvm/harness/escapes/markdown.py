"""Texts in Markdown, as GitHub reads it."""

import re

from otlvm.wording import printable

_ENTITIES = {"<": "&lt;", "&": "&amp;"}
_ANYWHERE = re.compile(
    r"(?P<tag><(?=[A-Za-z/!?]))"  # no backslash: some readers of Markdown take `\<b>` for a tag
    r"|(?P<entity>&(?=#?\w+;))"
    r"|[\\|*`_$~\[]"
    r"|:(?=//)|(?<=www)\."  # bare addresses become links
    r"|\#$"  # of a heading
)
_FIRST = re.compile(r"^(?:[#>=+-](?![\d.])|\d+(?P<number>[.)])(?=\s|$))")


def escape(text: str) -> str:
    """Write a text that is a cell, a line of a list, a heading or a paragraph."""
    line = printable(text).strip()
    first = _FIRST.match(line)
    whole = _ANYWHERE.sub(lambda match: _ENTITIES.get(match[0], "\\" + match[0]), line)
    if first is None or whole.startswith("\\"):
        return whole
    mark = first.start("number") if first["number"] else 0
    return f"{whole[:mark]}\\{whole[mark:]}"
