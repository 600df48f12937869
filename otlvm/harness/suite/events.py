"""YAML text to the parser's events; what is no YAML is told in one line."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from otlvm.harness.messages import InputError

MOST_CHARACTERS = 20_000_000
"""The lock of a suite of 100,000 rows has some ten million."""
MOST_DIRECTIVES = 100

Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""libyaml's parser, seven times as fast, where PyYAML was built with it, as its wheels are."""

# PyYAML takes U+0085, U+2028 and U+2029 for line breaks, as YAML 1.1 did: they are refused too.
_FORBIDDEN = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


def events(text: str) -> Iterator[Any]:
    """Yield the parser's events.

    Raises:
        InputError: If it is no YAML.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"longer than {MOST_CHARACTERS:,} characters, which is no suite")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if found := _FORBIDDEN.search(text):
        line, code = text.count("\n", 0, found.start()) + 1, ord(found[0])
        raise InputError(
            f"line {line}: not valid YAML: the character U+{code:04X} may not stand in a file; in "
            f'double quotes it can be written as "\\u{code:04X}"'
        )
    if len(re.findall("^%", text, re.MULTILINE)) > MOST_DIRECTIVES:  # libyaml compares all pairs
        raise InputError(f"not valid YAML: more than {MOST_DIRECTIVES} lines begin with %")
    try:
        yield from yaml.parse(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        raise InputError(_told(text, error)) from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: "\U00110000"
        raise InputError(f"not valid YAML: {error}") from error


def _told(text: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    told = f"line {line + 1}: not valid YAML: {str(error.problem)[:200]}"
    if error.context and error.context_mark and error.context_mark.line != line:
        told += f" {error.context} that begins on line {error.context_mark.line + 1}"
    written = "".join(text.split("\n")[line : line + 1])
    if "\t" in written[: len(written) - len(written.lstrip())] or "\\t" in told:
        return told + "; use spaces, not tabs"
    if "mapping values" in told or "cannot start any token" in told:
        return told + "; put quotes around a text that holds ': ' or begins with %, @ or `"
    return told
