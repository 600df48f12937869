"""Strict YAML: equal keys are refused, ``1e-3`` is a number, and every key knows its line."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from otlvm.harness.messages import InputError, KeyPath


class _Loader(yaml.SafeLoader):
    """YAML's safe types, with the numbers of YAML 1.2."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: dict[Any, int] = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if not isinstance(key, Hashable):
                raise InputError(f"line {line}: a key must be a word or a number, not {key!r}")
            if key in seen:
                raise InputError(f"line {line}: key {key!r} is already on line {seen[key]}")
            seen[key] = line
        return super().construct_mapping(node, deep)


# YAML 1.1 takes on, off, yes and no for truth values, and 1e-3 for a word; YAML 1.2 does not.
_Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":bool")]
    for letter, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?\d+(\.\d*)?[eE][-+]?\d+$"), list("-+0123456789")
)


class _Dumper(yaml.SafeDumper):
    """Writes what `_Loader` reads: words that look like its numbers are quoted."""

    def ignore_aliases(self, data: Any) -> bool:
        return True  # a value that stands twice is written twice


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """Quote texts with line breaks that YAML would fold to a space."""
    style = '"' if any(char in text for char in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _write_text)
_Dumper.yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers


def dump(content: Any) -> str:
    """Write plain values as YAML that `parse` reads back."""
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def parse(text: str) -> Any:
    """Parse YAML text.

    Raises:
        InputError: If it is no YAML, repeats a key or asks for a Python object.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader)
    except yaml.constructor.ConstructorError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise InputError(f"line {line}: only plain YAML is read: {error.problem}") from error
    except yaml.YAMLError as error:
        raise InputError(f"not valid YAML: {error}") from error


class YamlFile:
    """A parsed file that can say where a key stands.

    Args:
        path: The file.

    Raises:
        InputError: If the file cannot be read or parsed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"cannot be read: {error}") from error
        self.content = parse(text)
        self._root = yaml.compose(text, Loader=_Loader)

    def find(self, path: KeyPath) -> tuple[KeyPath, int] | None:
        """Return the longest part of a key path that the file has, and its line."""
        node, line, found = self._root, None, 0
        for depth, key in enumerate(path):
            step = _child(node, key)
            if step is None:
                break
            line, node = step
            found = depth + 1
        return None if line is None else (path[:found], line)


def _child(node: yaml.Node | None, key: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            if key_node.value == str(key):
                return key_node.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark.line + 1, node.value[key]
    return None
