"""What is written is read back, here and by others."""

import json
import math
from pathlib import Path

import pytest
import yaml as pyyaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from otlvm.harness.messages import InputError
from otlvm.harness.suite.yaml import dump, parse

unhurried = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

WORDS = """on No y 1_0 1_000.5 1:30 190:20:30 0b101 0x_1 0o7 0o14 0x1F 0100 007 -010 089 08.5 .5 1.
+1 1e-3 1e3 1E+3 -2.e+1 .inf -.INF +.inf .nan 2001-12-14 2001-12-14T21:59:43Z ~ null NULL
true FALSE 1e400 1e-400 << = - ? . .. ._ [] {} & * ! | > % @ ` # : -- --- ... 0x 0o8 ٣"""
words = st.sampled_from(["", " ", "9" * 5000, "- a", "a: b", "a #b", *WORDS.split()])

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | words | st.text("\x85\u2028\u2029\ufeff\x00\x1b\x7f\n\r\t :#'\"-?[]{}&*!|>%@`0", max_size=6),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | words, inner),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("word", ["", " ", "9" * 5000, *WORDS.split()])
def test_words_that_look_like_something_else_stay_words(word):
    for value in (word, [word], {"key": word}, {word: 1}, [[word], {word: [word]}]):
        assert parse(dump(value)) == pyyaml.safe_load(dump(value)) == value
    assert "!!" not in dump([word])


@pytest.mark.usefixtures("both")
@unhurried
@example({"\x85": "a\u2028b"})
@example(["a\nb\n\n", " a ", "\ufeffx", "x\ufeff", "\r", "a\r\nb"])
@given(plain)
def test_what_is_written_is_read_back(value):
    again = parse(dump(value))
    assert again == value
    assert json.dumps(again) == json.dumps(value)  # 1, 1.0 and True are equal, and their texts not


@unhurried
@given(plain)
def test_others_read_the_same_texts(value):
    """YAML 1.1 readers too: PyYAML's own knows neither 0o14 nor 1e3, but all that we write."""
    assert json.dumps(pyyaml.safe_load(dump(value))) == json.dumps(value)


@unhurried
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(max_codepoint=0xD7FF, exclude_characters="\x7f")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab:\"' \\", max_size=9), inner),
        max_leaves=8,
    )
)  # fmt: skip
def test_json_is_yaml(value):
    assert json.dumps(parse(json.dumps(value))) == json.dumps(value)


def test_infinite_and_undefined():
    assert parse(dump([math.inf, -math.inf])) == [math.inf, -math.inf]
    assert math.isnan(parse(dump(math.nan)))


def test_writing_twice_what_stands_twice():
    shared = {"a": [1]}
    assert dump({"x": shared, "y": shared}) == "x:\n  a:\n  - 1\ny:\n  a:\n  - 1\n"
    assert parse(dump((1, 2))) == [1, 2]


def test_words_that_yaml_1_1_takes_for_others_are_quoted():
    for word in ("on", "1:30", "1_0", "0b1", "2001-12-14", "0o14", "1e3", "089", "0100", "~"):
        assert dump({"key": word}) == f"key: '{word}'\n"


def endless():
    value = {}
    value["again"] = value
    return value


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    "value",
    [
        b"bytes", {1, 2}, object(), Path("a"), 1j, {1: "a"}, {None: 1}, [{("a",): 1}], 10**5000,
        ["\ud800"], {"\udcff": 1}, endless(), nested(5000), [range(3)], {"a": "x" * 9 + "\ud800"},
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_what_yaml_has_no_word_for(value):
    with pytest.raises(InputError, match=r"^cannot be written as YAML: ") as error:
        dump(value)
    assert len(error.value.message) < 200
    error.value.message.encode()
