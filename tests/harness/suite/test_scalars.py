"""What words without quotes mean."""

import math

import pytest

from otlvm.harness.commands.arguments import assignment
from otlvm.harness.messages import InputError
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.yaml import dump, parse

ROW = "runs:\n  - label: row\n    objective: {name: wae, divergence: imq_mmd}\n"

# First what the specification gives as examples of its core schema (YAML 1.2.2, example 10.9).
NUMBERS = {
    "0": 0, "0o7": 7, "0x3A": 58, "-19": -19,
    "0.": 0.0, "-0.0": -0.0, ".5": 0.5, "+12e03": 12000.0, "-2E+05": -200000.0,
    ".inf": math.inf, "-.Inf": -math.inf, "+.INF": math.inf,
    "0100": 100, "007": 7, "010": 10, "-010": -10, "+1": 1, "0o14": 12, "0x1F": 31, "00": 0,
    "1e-3": 1e-3, "1E3": 1e3, "-2.e+1": -20.0, "1.": 1.0, "+.5e1": 5.0, "0e-400": 0.0,
    "5e-324": 5e-324, "089": 89, "08.5": 8.5,
}  # fmt: skip


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("word", NUMBERS)
def test_numbers(word):
    for text in (f"key: {word}", f"[{word}]", f"{word} # so", f"!!float {word}"):
        value = parse(text)
        value = value["key"] if isinstance(value, dict) else value
        value = value[0] if isinstance(value, list) else value
        assert value == NUMBERS[word]
        assert math.copysign(1, value) == math.copysign(1, NUMBERS[word])
        assert type(value) is (float if "!" in text else type(NUMBERS[word]))


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("word", "value"),
    [
        *((word, None) for word in ("null", "Null", "NULL", "~", "", "!!null ''")),
        *((word, True) for word in ("true", "True", "TRUE", "!!bool 'true'")),
        *((word, False) for word in ("false", "False", "FALSE")),
    ],
)
def test_null_and_truth_values(word, value):
    assert parse(f"key: {word}") == {"key": value}


def test_not_a_number():
    assert all(math.isnan(parse(word)) for word in (".nan", ".NaN", ".NAN"))


WORDS = """
on off yes no y n On YES nULL tRUE 1_0 1_000 1_000.5 1__0 1:30 190:20:30 -1:30 1:30.5 0b101 0x_1 0o8
0o 0x 0xg -0x1 +0o7 -0o7 0O14 0X1F 2001-12-14 2001-12-14T21:59:43.10-05:00 . .. ._ -. +. .e1 e1 1e
1e+ 1.2.3 --1 +-1 +.nan -.nan .iNF inf nan Infinity NaN 1,000 1e3x = << 1f 1L 0.5_0 ٣ １ 1٣
"""
TEXTS = WORDS.split()


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("word", TEXTS)
def test_texts(word):
    assert parse(f"key: {word}") == {"key": word}
    assert parse(f"- {word}") == [word]
    assert parse(dump([word])) == [word]


@pytest.mark.usefixtures("both")
def test_quotes_and_tags_make_texts():
    assert parse("['0100', \"1\", !!str 1e3, ! 7, !!str , '', 'null']") == [
        *("0100", "1", "1e3", "7", "", "", "null")
    ]
    assert parse("{a: !!map {b: !!seq [!!int '5', !!int 0x10, !!float 1]}}") == {
        "a": {"b": [5, 16, 1.0]}
    }


@pytest.mark.parametrize("number", ["1e400", "-1e400", "1e-400", "-.0001e-99999", "9" * 5000])
def test_numbers_beyond_pythons(refused, number):
    assert refused(f"a: 1\nb: {number}").startswith("line 2: ")
    assert number[:5] in refused(number)
    assert parse(f"'{number}'") == number


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, "0o" + "7" * 5000, "-" + "0" * 5000])
def test_numbers_of_too_many_digits(refused, number):
    assert "digits, more than 250" in refused(number)
    assert parse("1" * 250) == int("1" * 250)


@pytest.mark.parametrize("text", ["!!int a", "!!int 1.5", "!!float x", "!!null 1", "!!bool yes"])
def test_tags_that_the_word_is_not(refused, text):
    kind, word = text[2:].split()
    assert f"!!{kind} '{word}' is no {kind}" in refused(text)


def test_a_suites_numbers(write_suite):
    suite = write_suite(ROW + "seeds: [007, 010]\n", **{"steps: 4": "steps: 0100"})
    runs = load_suite(suite, dict([assignment("train.batch_size=0100")])).runs
    assert [run.seed for run in runs] == [7, 10]
    assert {run.config["train"]["steps"] for run in runs} == {100}
    assert {run.config["train"]["batch_size"] for run in runs} == {100}


@pytest.mark.parametrize("word", ["1_0", "1:30", "0b101", "2001-12-14"])
def test_a_suites_texts_are_no_numbers(write_suite, word):
    suite = write_suite(ROW, **{"steps: 4": f"steps: {word}"})
    with pytest.raises(InputError, match=rf"suite.yaml:6: train.steps: .*integer, got '{word}'"):
        load_suite(suite)
    with pytest.raises(InputError, match=rf"suite.yaml:\d+: seeds\[1\]: .*integer, got '{word}'"):
        load_suite(write_suite(ROW + f"seeds: [1, {word}]\n"))
    with pytest.raises(InputError, match=rf"train.steps=.*: .*integer, got '{word}'"):
        load_suite(write_suite(ROW), dict([assignment(f"train.steps={word}")]))
