"""From YAML's events to plain values that know their lines, in bounded time and memory.

What an alias stands for is counted before it is used: a file of a few lines can neither nest nor
multiply beyond the bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from otlvm.harness.messages import InputError
from otlvm.harness.suite.events import events
from otlvm.harness.suite.scalars import plain, tagged
from otlvm.wording import cut, shorten

MOST_VALUES = 2_000_000
MOST_LEVELS = 100
_TAG = "tag:yaml.org,2002:"


@dataclass(slots=True)
class Node:
    """A value, and where it and all in it stand.

    Attributes:
        value: The plain value.
        children: The line and node of each key or item; empty for a word.
        size: How many values it is, keys too, aliases counted as what they stand for, and long
            texts as several.
        height: How deep it is nested.
    """

    value: Any
    children: dict[str, tuple[int, "Node"]] | Sequence[tuple[int, "Node"]] = ()
    size: int = 1
    height: int = 0

    def child(self, key: str | int) -> tuple[int, "Node"] | None:
        """Return the line and node of a key or item, None where there is none."""
        if isinstance(self.children, dict):
            return self.children.get(str(key))
        if isinstance(key, int) and 0 <= key < len(self.children):
            return self.children[key]
        return None


def compose(text: str) -> Node:
    """Read one YAML document; an empty one is None.

    Raises:
        InputError: If it is no YAML, repeats a key, asks for more than plain values, or is beyond
            the bounds.
    """
    return _Composer(text).document()


class _Composer:
    """Puts a document's events together."""

    def __init__(self, text: str) -> None:
        self._events = events(text)
        self._values = 0
        self._anchors: dict[str, Node | None] = {}  # None until what it names has ended

    def document(self) -> Node:
        root = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _wrong(event, "a second document begins here: a file holds one")
                if event.version not in (None, (1, 2)):
                    shown = ".".join(map(str, event.version))
                    raise _wrong(
                        event,
                        f"%YAML {shown}: files are read as YAML 1.2, where 0100 is one hundred and "
                        "'on' is a text; remove this line",
                    )
                root = self._node(next(self._events), 0)
        return root or Node(None)

    def _node(self, event: Any, level: int) -> Node:
        """Read the value that begins with an event."""
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, level)
        before = self._values
        self._count(1, event)
        if isinstance(event, yaml.ScalarEvent):
            self._count(len(event.value) // 16, event)
            node = Node(_word(event))
        else:
            if level == MOST_LEVELS:
                raise _too_deep(event)
            kind = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
            if event.tag not in (None, "!", _TAG + kind):
                raise _unknown(event)
            if event.anchor is not None:
                self._anchors[event.anchor] = None
            node = self._mapping(level + 1) if kind == "map" else self._list(level + 1)
        node.size = self._values - before
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any, level: int) -> Node:
        name = cut(event.anchor)
        if event.anchor not in self._anchors:
            raise _wrong(event, f"*{name} stands for nothing: no &{name} comes before it")
        node = self._anchors[event.anchor]
        if node is None:
            raise _wrong(event, f"*{name} stands inside &{name}, which would never end")
        if level + node.height > MOST_LEVELS:
            raise _too_deep(event)
        self._count(node.size, event)
        return node

    def _list(self, level: int) -> Node:
        items: list[tuple[int, Node]] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            items.append((_line(event), self._node(event, level)))
        height = 1 + max((node.height for _, node in items), default=0)
        return Node([node.value for _, node in items], items, height=height)

    def _mapping(self, level: int) -> Node:
        own: dict[str, tuple[int, Node]] = {}
        merged: dict[str, tuple[int, Node]] = {}
        merged_on = 0
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            line = _line(event)
            if _is_merge(event):
                if merged_on:
                    raise _twice(event, "<<", merged_on, "; write <<: [*one, *other]")
                merged_on = line
                merged = self._merged(next(self._events), level)
                continue
            key = self._key(event, level)
            if key in own:
                raise _twice(event, key, own[key][0])
            own[key] = (line, self._node(next(self._events), level))
        children = {**merged, **own}
        height = 1 + max((node.height for _, node in children.values()), default=0)
        values = {key: node.value for key, (_, node) in children.items()}
        return Node(values, children, height=height)

    def _key(self, event: Any, level: int) -> str:
        if isinstance(event, yaml.CollectionStartEvent):
            raise _wrong(
                event,
                "a key must be a text, not a list or a mapping; put quotes around a text that "
                "begins with { or [",
            )
        key = self._node(event, level).value
        if not isinstance(key, str):
            raise _wrong(event, f"a key must be a text, not {_show(key)}; put quotes around it")
        return key

    def _merged(self, event: Any, level: int) -> dict[str, tuple[int, Node]]:
        """Read what << names: a mapping, or several, of which the first that has a key gives it."""
        node = self._node(event, level)
        parts = [node]
        if not isinstance(node.children, dict) and isinstance(node.value, list):
            parts = [part for _, part in node.children]
        merged: dict[str, tuple[int, Node]] = {}
        for part in parts:
            if not isinstance(part.children, dict):
                raise _wrong(
                    event,
                    f"<< takes a mapping or a list of them, such as <<: *name, not "
                    f"{_show(part.value)}",
                )
            for key, child in part.children.items():
                merged.setdefault(key, child)
        return merged

    def _count(self, more: int, event: Any) -> None:
        self._values += more
        if self._values > MOST_VALUES:
            raise _wrong(
                event, f"more than {MOST_VALUES:,} values, each alias counted as what it stands for"
            )


def _word(event: Any) -> Any:
    if event.tag is not None and event.tag != "!" and not event.tag.startswith(_TAG):
        raise _unknown(event)
    try:
        event.value.encode()  # PyYAML without libyaml reads "\\ud800", which is half a character
        if event.tag is None:
            return plain(event.value) if event.style in ("", None) else event.value
        return tagged("str" if event.tag == "!" else event.tag.removeprefix(_TAG), event.value)
    except LookupError:
        raise _unknown(event) from None
    except UnicodeEncodeError as error:
        raise _wrong(event, f"not valid YAML: {shorten(event.value)} is no text") from error
    except ValueError as error:
        raise _wrong(event, str(error)) from error


def _is_merge(event: Any) -> bool:
    return (
        isinstance(event, yaml.ScalarEvent)
        and event.value == "<<"
        and event.style in ("", None)
        and event.tag is None
    )


def _show(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return shorten(value)


def _line(event: Any) -> int:
    line: int = event.start_mark.line + 1
    return line


def _wrong(event: Any, problem: str) -> InputError:
    return InputError(f"line {_line(event)}: {problem}")


def _twice(event: Any, key: str, line: int, remedy: str = "") -> InputError:
    return _wrong(event, f"key {shorten(key)} is already on line {line}{remedy}")


def _too_deep(event: Any) -> InputError:
    return _wrong(event, f"nested more than {MOST_LEVELS} deep")


def _unknown(event: Any) -> InputError:
    tag = cut(event.tag.replace(_TAG, "!!", 1))
    return _wrong(event, f"only plain YAML is read; remove the tag {tag}")
