"""Strict YAML 1.2: equal keys are refused, a number is a number, and every key knows its line.

PyYAML only cuts the text into events; what they mean is said in `nodes` and `scalars`. ruamel.yaml
0.19 is no better base: as YAML 1.2 it reads ``1_0`` as ten, ``0b101`` as five and ``2001-12-14`` as
a date, it expands what a few aliases multiply, deep nesting and ``._`` end in tracebacks, and it
takes two seconds for a suite of 1,000 entries, which this reads in a fifth of a second.
"""

import errno
import os
import stat
from pathlib import Path
from typing import Any

import yaml
from yaml.representer import SafeRepresenter

from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.suite.events import MOST_CHARACTERS
from otlvm.harness.suite.nodes import compose
from otlvm.harness.suite.scalars import plain
from otlvm.wording import shorten


def parse(text: str) -> Any:
    """Parse YAML text to dicts, lists, texts, numbers, truth values and None.

    Raises:
        InputError: If it is no YAML, repeats a key, asks for more than plain values, or is longer,
            deeper or (with its aliases) larger than any suite.
    """
    return compose(text).value


class YamlFile:
    """A parsed file that can say where a key stands.

    Args:
        path: The file.

    Raises:
        InputError: If the file cannot be read or parsed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._root = compose(_read(path))
        self.content = self._root.value

    def find(self, path: KeyPath) -> tuple[KeyPath, int] | None:
        """Return the longest part of a key path that the file has, and its line.

        What an alias or a merge key brings stands where it was written.
        """
        node, found = self._root, None
        for depth, key in enumerate(path, 1):
            child = node.child(key)
            if child is None:
                break
            line, node = child
            found = (path[:depth], line)
        return found


def _read(path: Path) -> str:
    """Read a file that may be anything: what is no file is not waited for, nor read without end."""
    try:
        # Without O_NONBLOCK, opening a FIFO waits until somebody writes.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:  # noqa: PTH123 (an open file)
            if stat.S_ISDIR(os.fstat(handle).st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise InputError("cannot be read: it is no regular file, but a pipe or a device")
            content = file.read(MOST_CHARACTERS + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}") from error
    except ValueError as error:  # a path with a NUL
        raise InputError(f"cannot be read: {error}") from error
    if len(content) > MOST_CHARACTERS:
        raise InputError(f"cannot be read: longer than {MOST_CHARACTERS // 1_000_000} MB")
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"cannot be read: line {line} is no text in {encoding.upper()}; save it as UTF-8"
        ) from error


def dump(content: Any) -> str:
    """Write plain values as YAML that `parse` reads back, tuples as lists.

    Raises:
        InputError: If YAML has no word for a value, or `parse` would refuse it.
    """
    return _dump(content, default_flow_style=False)


def dump_short(content: Any) -> str:
    """Write plain values as `dump` does, on fewer lines: what holds only words stands on one.

    Raises:
        InputError: If YAML has no word for a value, or `parse` would refuse it.
    """
    return _dump(content, default_flow_style=None)


def _dump(content: Any, **style: Any) -> str:
    try:
        text: str = yaml.dump(
            content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100, **style
        )
    except RecursionError as error:
        raise InputError("cannot be written as YAML: nested too deep") from error
    return text


def _write_text(dumper: SafeRepresenter, text: str) -> yaml.ScalarNode:
    """Quote what would be read as a number or folded at a line break."""
    try:
        text.encode()
        style = None if plain(text) is text else "'"
    except UnicodeEncodeError as error:
        raise _no_yaml(text) from error
    except ValueError:  # a number that is too long or too large
        style = "'"
    style = '"' if any(char in text for char in "\x85\u2028\u2029\ufeff") else style
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


def _write_integer(dumper: SafeRepresenter, number: int) -> yaml.ScalarNode:
    try:
        plain(str(number))
    except ValueError as error:
        raise _no_yaml(number) from error
    return dumper.represent_int(number)


def _write_mapping(dumper: SafeRepresenter, mapping: dict[Any, Any]) -> yaml.MappingNode:
    for key in mapping:
        if not isinstance(key, str):
            raise _no_yaml(key)
    return dumper.represent_dict(mapping)


def _refuse(_: SafeRepresenter, value: Any) -> yaml.Node:
    raise _no_yaml(value)


def _no_yaml(value: Any) -> InputError:
    return InputError(f"cannot be written as YAML: {shorten(value)} ({type(value).__name__})")


def _dumper(base: type) -> Any:
    """Return a dumper of plain values.

    The quotes that YAML 1.1 needs (``'on'``, ``'1:30'``) are PyYAML's own, for whoever reads our
    files with it.
    """
    represent = {
        str: _write_text,
        int: _write_integer,
        float: SafeRepresenter.represent_float,
        bool: SafeRepresenter.represent_bool,
        type(None): SafeRepresenter.represent_none,
        list: SafeRepresenter.represent_list,
        tuple: SafeRepresenter.represent_list,
        dict: _write_mapping,
        None: _refuse,
    }
    never: dict[str, Any] = {"ignore_aliases": lambda self, data: True}  # written twice instead
    return type("Dumper", (base,), {"yaml_representers": represent, **never})


Dumper = _dumper(yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper)
