"""What is YAML, and what is said of what is none."""

import json

import pytest
import yaml as pyyaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otlvm.harness.suite.yaml import dump, parse

unhurried = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("runs: [\n", "line 2: not valid YAML"),
        ("a: 1\n b: 2\n", "line 2: not valid YAML"),
        ("a: {b: 1", "line 1"),
        ('a: "x', "not valid YAML"),
        ("a: b: c", "line 1: not valid YAML: mapping values are not allowed"),
        ("a: b: c", "put quotes around a text that holds ': '"),
        ("a: 1\nb: @c", "line 2"),
        ("b: @c", "put quotes around a text"),
        ("a: %c", "put quotes around a text"),
        ("a:\n\tb: 1", "line 2"),
        ("a:\n\tb: 1", "use spaces, not tabs"),
        ("a: [1]]", "line 1"),
        ("a: 'x'y", "line 1"),
        ("a: 1\n---\nb: 2\n", "line 2: a second document begins here"),
        ("---\na: 1\n---\n", "line 3: a second document"),
        ("a: 1\n...\n---\nb: 2\n", "line 3: a second document"),
        ("%YAML 1.1\n---\na: 0100\n", "%YAML 1.1: files are read as YAML 1.2"),
        ("%YAML 1.3\n---\na: 0100\n", "YAML"),
        ("%YAML 2.0\n---\na: 0100\n", "YAML"),
        ("%YAML 1.2\n%YAML 1.2\n---\na: 1\n", "line 2: not valid YAML"),
        ("%TAG !a! x\n" * 1000 + "---\na: 1\n", "more than 100 lines begin with %"),
        ('a: "\\ud800"', "not valid YAML"),
        ('a: "\\U00110000"', "not valid YAML"),
        ("a: &" + "x" * 5000 + " 1\nb: *" + "y" * 5000, "line 2: *yyyy"),
        ("x" * 5000, None),
        ("? " + "x" * 5000 + "\n: 1\n? " + "x" * 5000 + "\n: 1", "line 3: key 'xxx"),
    ],
)
def test_not_valid(refused, text, told):
    if told is None:
        assert parse(text) == text
    else:
        assert told in refused(text)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("char", "\0\a\b\x1b\x7f\x85\x9b\u2028\u2029\ud800\udcff\ufeff\ufffe\uffff")
@pytest.mark.parametrize("text", ["a: x{}y", 'a: "x{}y"', "a: 1 # {}b: 2", "{}"])
def test_characters(refused, char, text):
    told = refused("one: 1\n" + text.format(char))
    assert told.startswith("line 2: not valid YAML: the character U+")
    assert told.isprintable()
    if char != "\ud800" and char != "\udcff":
        assert parse(f'"\\u{ord(char):04x}"') == char


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        (" \n", None),
        ("# only a comment\n", None),
        ("---\n...\n", None),
        ("---\na: 1\n...\n", {"a": 1}),
        ("%YAML 1.2\n---\na: 0100", {"a": 100}),
        ("\ufeffa: 1", {"a": 1}),
        ("\ufeff", None),
        ("a: 1\r\nb: 2\r\n", {"a": 1, "b": 2}),
        ("a: 1\rb: 2", {"a": 1, "b": 2}),
        ("a: |\r\n  x\r\n  y\r\n", {"a": "x\ny\n"}),
        ("a: 漢 é 🙂\u00a0x", {"a": "漢 é 🙂\u00a0x"}),
        ("a: 'x\ty'", {"a": "x\ty"}),
    ],
)
def test_valid(text, value):
    assert parse(text) == value


@pytest.mark.skipif(not pyyaml.__with_libyaml__, reason="PyYAML's own parser reads no tabs")
def test_tabs_between_words():
    assert parse("a:\t1\t# so\nb: x\ty") == {"a": 1, "b": "x\ty"}


@pytest.mark.parametrize("char", "[{(!&*-?:|>'\"%@`, ~\t\n")
def test_one_character_without_end(answer, char):
    answer(char * 300_000)


def test_as_long_as_allowed(refused):
    assert "longer than 20,000,000 characters" in refused(" " * 20_000_001)
    assert parse(" " * 20_000_000) is None


@unhurried
@given(st.text("[]{}:,-?&*!|>'\"%@`#~<.0x \nab1\t", max_size=60))
def test_whatever_is_written_is_read_or_refused_in_one_line(answer, text):
    told, value = answer(text)
    assert "\n" not in told
    if not told:
        assert json.dumps(parse(dump(value))) == json.dumps(value)
