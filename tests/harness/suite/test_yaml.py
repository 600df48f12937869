"""Strict YAML: what words mean, merge keys, lines, and what is refused."""

import json
import math
import os
from pathlib import Path

import pytest
import yaml as pyyaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from otlvm.harness.commands.arguments import assignment
from otlvm.harness.messages import InputError
from otlvm.harness.suite import events, nodes, yaml
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.yaml import YamlFile, dump, parse

ROW = "runs:\n  - label: row\n    objective: {name: wae, divergence: imq_mmd}\n"
unhurried = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=["libyaml", "python"])
def both(request, monkeypatch):
    """Read and write with libyaml, and without it."""
    if request.param == "libyaml" and not pyyaml.__with_libyaml__:
        pytest.skip("PyYAML was built without libyaml")
    loader, base = (
        (pyyaml.CSafeLoader, pyyaml.CSafeDumper)
        if request.param == "libyaml"
        else (pyyaml.SafeLoader, pyyaml.SafeDumper)
    )
    monkeypatch.setattr(events, "Loader", loader)
    monkeypatch.setattr(yaml, "Dumper", yaml._dumper(base))


def refused(text):
    """Return what is said of a text: one line, on one screen."""
    with pytest.raises(InputError) as error:
        parse(text)
    assert "\n" not in error.value.message
    assert 10 < len(error.value.message) < 400
    return error.value.message


def answer(text):
    """Return what is said of a text, or its value."""
    try:
        return "", parse(text)
    except InputError:
        return refused(text), None


# What words mean

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
def test_numbers_beyond_pythons(number):
    assert refused(f"a: 1\nb: {number}").startswith("line 2: ")
    assert number[:5] in refused(number)
    assert parse(f"'{number}'") == number


@pytest.mark.parametrize("number", ["0x" + "f" * 5000, "0o" + "7" * 5000, "-" + "0" * 5000])
def test_numbers_of_too_many_digits(number):
    assert "digits, more than 250" in refused(number)
    assert parse("1" * 250) == int("1" * 250)


@pytest.mark.parametrize("text", ["!!int a", "!!int 1.5", "!!float x", "!!null 1", "!!bool yes"])
def test_tags_that_the_word_is_not(text):
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
    with pytest.raises(InputError, match=rf"train.steps: .*integer, got '{word}'"):
        load_suite(write_suite(ROW), dict([assignment(f"train.steps={word}")]))


# Merge keys and aliases


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<<: *one", {"a": 1, "b": 2}),
        ("<<: *one\n  b: 9", {"a": 1, "b": 9}),
        ("b: 9\n  <<: *one", {"a": 1, "b": 9}),
        ("<<: [*one, *two]", {"a": 1, "b": 2, "c": 4}),
        ("<<: [*two, *one]", {"a": 1, "b": 3, "c": 4}),
        ("<<: [*one, *two]\n  c: 9\n  d: 5", {"a": 1, "b": 2, "c": 9, "d": 5}),
        ("<<: {a: 7}", {"a": 7}),
        ("<<: [{a: 7}, {a: 8, b: 8}]", {"a": 7, "b": 8}),
        ("<<: {<<: *one, a: 7}", {"a": 7, "b": 2}),
        ("<<: []", {}),
        ("<<: {}", {}),
        ("'<<': 1", {"<<": 1}),
        ('"<<": 1\n  <<: *one', {"<<": 1, "a": 1, "b": 2}),
        ("a: <<", {"a": "<<"}),
    ],
)
def test_merge_keys(text, value):
    text = f"one: &one {{a: 1, b: 2}}\ntwo: &two {{b: 3, c: 4}}\nmine:\n  {text}\n"
    content = parse(text)
    assert content == {"one": {"a": 1, "b": 2}, "two": {"b": 3, "c": 4}, "mine": value}


@pytest.mark.parametrize("merged", ["*one", "[*one, *two]", "[*two, *one]", "{a: 7}", "[]"])
@pytest.mark.parametrize("own", ["", "b: 9\n  ", "d: 5\n  "])
def test_merge_keys_as_in_yaml_1_1(merged, own):
    text = f"one: &one {{a: 1, b: 2}}\ntwo: &two {{b: 3, c: 4}}\nmine:\n  {own}<<: {merged}\n"
    assert parse(text) == pyyaml.safe_load(text)  # the keys' order depends on PyYAML's version


def test_keys_keep_their_order():
    merged = parse("a: &a {z: 1, y: 2}\nb: &b {x: 3, z: 4}\nc: {w: 5, <<: [*b, *a], y: 6}")["c"]
    assert list(merged.items()) == [("x", 3), ("z", 4), ("y", 6), ("w", 5)]


def test_a_suite_with_merge_keys(write_suite):
    suite = write_suite(
        "runs:\n"
        "  - {label: one, objective: &wae {name: wae, divergence: imq_mmd, weight: 10}}\n"
        "  - label: two\n"
        "    objective: {<<: *wae, weight: 20}\n"
        "  - {label: three, objective: *wae}\n"
    )
    weights = [run.config["objective"]["weight"] for run in load_suite(suite).runs]
    assert weights == [10, 20, 10]
    assert {run.config["objective"]["divergence"] for run in load_suite(suite).runs} == {"imq_mmd"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\n<<: 5", "line 2: << takes a mapping or a list of them, such as <<: *name, not 5"),
        ("<<: [1]", "not 1"),
        ("<<: null", "not null"),
        ("a: &a [[b]]\nc: {<<: *a}", "not ['b']"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n  <<: *a", "line 4: key '<<' is already on line 3"),
        ("a: &a {<<: *a}", "line 1: *a stands inside &a"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n  b: 2\n  b: 3", "line 5: key 'b' is already on line 4"),
        ("a: &a\n  b: 1\n  b: 2\nc: {<<: *a}", "line 3: key 'b' is already on line 2"),
    ],
)
def test_wrong_merge_keys(text, told):
    assert told in refused(text)


@pytest.mark.usefixtures("both")
def test_aliases():
    assert parse("a: &x 1\nb: *x\nc: &x 2\nd: *x") == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert parse("a: &x [1, &y {b: 2}]\nc: [*x, *y]") == {
        "a": [1, {"b": 2}],
        "c": [[1, {"b": 2}], {"b": 2}],
    }
    assert parse("a: &name word\n*name : 1") == {"a": "word", "word": 1}
    assert parse("a: &x\nb: *x") == {"a": None, "b": None}


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: *none", "line 2: *none stands for nothing"),
        ("a: *later\nb: &later 1", "line 1: *later stands for nothing"),
        ("a: &a [*a]", "line 1: *a stands inside &a"),
        ("a: &a\n  b:\n    - *a", "line 3: *a stands inside &a"),
        ("&a [&b [*a]]", "*a stands inside &a"),
        ("a: &x 1\n*x : 2", "line 2: a key must be a text, not 1"),
    ],
)
def test_aliases_of_nothing(text, told):
    assert told in refused(text)


# Lines

LINES = """\
# a comment
one: &one
  a: 1
  b:
    - x

    - y
two:
  <<: *one
  a: 2
three:
- *one
-
  c: 3
four: {d: 4,
  e: [5,
    6]}
"five": |
  text
  text
six: 6
"""


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("path", "found", "line"),
    [
        (("one",), ("one",), 2),
        (("one", "b", 1), ("one", "b", 1), 7),
        (("one", "b", 2), ("one", "b"), 4),
        (("one", "b", -1), ("one", "b"), 4),
        (("one", "b", "0"), ("one", "b"), 4),
        (("one", "b", 0, "deeper"), ("one", "b", 0), 5),
        (("two", "a"), ("two", "a"), 10),
        (("two", "b"), ("two", "b"), 4),
        (("two", "b", 0), ("two", "b", 0), 5),
        (("two", "<<"), ("two",), 8),
        (("three", 0), ("three", 0), 12),
        (("three", 0, "a"), ("three", 0, "a"), 3),
        (("three", 1, "c"), ("three", 1, "c"), 14),
        (("four", "e"), ("four", "e"), 16),
        (("four", "e", 1), ("four", "e", 1), 17),
        (("five",), ("five",), 18),
        (("six",), ("six",), 21),
    ],
)
@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
def test_lines_of_keys_and_items(tmp_path, path, found, line, breaks):
    (tmp_path / "a.yaml").write_bytes(LINES.replace("\n", breaks).encode())
    file = YamlFile(tmp_path / "a.yaml")
    assert file.find(path) == (found, line)
    assert file.content["five"] == "text\ntext\n"


@pytest.mark.parametrize("path", [(), ("seven",), (0,)])
def test_no_line(tmp_path, path):
    (tmp_path / "a.yaml").write_text(LINES)
    assert YamlFile(tmp_path / "a.yaml").find(path) is None


def test_an_error_in_a_merged_value_names_its_line(write_suite):
    suite = write_suite(
        "runs:\n"
        "  - label: one\n"
        "    objective: {name: wae, divergence: &gap\n"
        "      {name: imq_mmd, scales: [1]}}\n"
        "  - label: two\n"
        "    objective: &wae {name: wae,\n"
        "      weight: ten}\n"
        "    train: {<<: {steps: many}}\n"
    )
    with pytest.raises(InputError, match=r"suite.yaml:14: runs\[1\].train.steps: .*got 'many'"):
        load_suite(suite)


# Keys


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: key 'a' is already on line 1"),
        ("a: 1\n'a': 3", "line 2: key 'a' is already on line 1"),
        ("x: {a: 1, b: {c: 1,\n c: 2}}", "line 2: key 'c' is already on line 1"),
        ("- a: 1\n  a: 2", "line 2: key 'a' is already on line 1"),
        ("a: 1\n1: b", "line 2: a key must be a text, not 1; put quotes around it"),
        ("0100: b", "not 100"),
        ("1.5: b", "not 1.5"),
        (".nan: a\n.nan: b", "not nan"),
        ("true: b", "not true"),
        ("~: b", "not null"),
        ("? \n: b", "not null"),
        ("? [a, b]\n: 1", "line 1: a key must be a text, not a list or a mapping"),
        ("a: b\nlabel: {{beta}}", "line 2: a key must be a text, not a list or a mapping; put"),
        ("? &a [1]\n: 1", "not a list or a mapping"),
        ("a: &a [1]\n*a : 1", "not [1]"),
    ],
)
def test_keys(text, told):
    assert told in refused(text)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y", "1_0", "1:30", "2001-12-14"])
def test_keys_that_are_texts(word):
    assert parse(f"{word}: {word}") == {word: word}


# What is no plain YAML


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    "tag",
    [
        "!!python/name:os.system", "!!python/object/apply:os.system", "!!python/tuple", "!mine",
        "!!set", "!!omap", "!!pairs", "!!binary", "!!timestamp", "!!merge", "!!value", "!!yaml",
        "!!str", "!!int", "!<tag:example.org,2002:x>", "!" + "x" * 5000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", ["[touch]", "{touch: 1}", "touch"])
def test_tags(tag, value):
    if (tag, value) == ("!!str", "touch"):
        assert parse(f"{tag} {value}") == "touch"
    elif (tag, value) != ("!!int", "touch"):
        told = refused(f"a: 1\nb: {tag} {value}")
        assert told.startswith("line 2: only plain YAML is read; remove the tag ")


def test_tags_of_the_other_kind():
    assert "remove the tag !!seq" in refused("!!seq {}")
    assert "remove the tag !!map" in refused("!!map []")
    assert "remove the tag !!map" in refused("!!map word")


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
def test_not_valid(text, told):
    if told is None:
        assert parse(text) == text
    else:
        assert told in refused(text)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("char", "\0\a\b\x1b\x7f\x85\x9b\u2028\u2029\ud800\udcff\ufeff\ufffe\uffff")
@pytest.mark.parametrize("text", ["a: x{}y", 'a: "x{}y"', "a: 1 # {}b: 2", "{}"])
def test_characters(char, text):
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


# Beyond the bounds


def laughs(begin, more):
    """Return a text of a few lines whose aliases multiply: ten times on each."""
    lines = [f"a0: &a0 {begin}"]
    lines += [f"a{i}: &a{i} {more.format(', '.join([f'*a{i - 1}'] * 10))}" for i in range(1, 10)]
    return "\n".join(lines)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    "text",
    [
        laughs("[lol]", "[{}]"),
        laughs("{a: lol}", "{{<<: [{}]}}"),
        laughs("{a: lol}", "{{b: [{}]}}"),
        laughs("{a: lol}", "{{<<: {{c: [{}]}}}}"),
        "a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 1000 + "]",
        "a: &a {? " + "x" * 100_000 + "}\nb: [" + "*a, " * 1000 + "]",
    ],
)
def test_few_lines_that_are_millions_of_values(text):
    assert len(text) < 200_000
    assert "more than 1,000,000 values" in refused(text)


def test_many_values(monkeypatch):
    monkeypatch.setattr(nodes, "MOST_VALUES", 1000)
    assert "line 1000: more than 1,000 values" in refused("- 1\n" * 1001)
    assert "line 500: more than 1,000 values" in refused("".join(f"k{i}: 1\n" for i in range(600)))
    assert "line 1: more than 1,000 values" in refused("x" * 16_000)
    assert parse("- 1\n" * 999) == [1] * 999


@pytest.mark.usefixtures("both")
def test_as_deep_as_allowed():
    value = parse("[" * 100 + "]" * 100)
    for _ in range(99):
        (value,) = value
    assert value == []


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize(
    "text",
    [
        "[" * 101 + "]" * 101,
        "a: " + "[" * 600 + "]" * 600,
        "{a: " * 600 + "1" + "}" * 600,
        "- " * 600,
        "".join(" " * i + "a:\n" for i in range(600)),
        "a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 600)),
        "a0: &a0 {b: 1}\n" + "".join(f"a{i}: &a{i} {{b: *a{i - 1}}}\n" for i in range(1, 600)),
        "a0: &a0 {b: 1}\n"
        + "".join(f"a{i}: &a{i} {{<<: {{b: *a{i - 1}}}}}\n" for i in range(1, 600)),
    ],
)
def test_too_deep(text):
    assert "nested more than 100 deep" in refused(text)


@pytest.mark.parametrize("char", "[{(!&*-?:|>'\"%@`, ~\t\n")
def test_one_character_without_end(char):
    answer(char * 300_000)


def test_as_long_as_allowed():
    assert "longer than 10,000,000 characters" in refused(" " * 10_000_001)
    assert parse(" " * 10_000_000) is None


@unhurried
@given(st.text("[]{}:,-?&*!|>'\"%@`#~<.0x \nab1\t", max_size=60))
def test_whatever_is_written_is_read_or_refused_in_one_line(text):
    told, value = answer(text)
    assert "\n" not in told
    if not told and ".nan" not in text.lower():
        assert parse(dump(value)) == value


# Files


def test_folder(tmp_path):
    with pytest.raises(InputError, match=r"^cannot be read: Is a directory$"):
        YamlFile(tmp_path)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"^cannot be read: No such file or directory$"):
        YamlFile(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\udcff"])
def test_impossible_names(name):
    with pytest.raises(InputError, match=r"^cannot be read: "):
        YamlFile(Path(name))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_fifo(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="no regular file, but a pipe or a device"):
        YamlFile(tmp_path / "pipe")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty"])
def test_device(device):
    with pytest.raises(InputError, match=r"^cannot be read: "):
        YamlFile(Path(device))


def test_large_file(tmp_path):
    with (tmp_path / "large.yaml").open("wb") as file:
        file.truncate(2**40)  # a hole of a terabyte
    with pytest.raises(InputError, match=r"^cannot be read: longer than 10 MB$"):
        YamlFile(tmp_path / "large.yaml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(tmp_path, encoding):
    (tmp_path / "a.yaml").write_text("a: é\r\nb: 漢\r\n", encoding=encoding)
    assert YamlFile(tmp_path / "a.yaml").content == {"a": "é", "b": "漢"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a: 1\nb: \xe9\n", "cannot be read: line 2 is no text in UTF-8; save it as UTF-8"),
        (b"\xff\xfe\x80", "no text in UTF-16"),
        (b"\x89PNG\r\n\x1a\n\0\0", "no text in UTF-8"),
        (b"PK\x03\x04\0\0", "line 1: not valid YAML: the character U+0003"),
        (b"\x7fELF\x02\x01", "line 1: not valid YAML: the character U+007F"),
        ("a: 1".encode("utf-16-le"), "the character U+0000"),
        ("a: 1".encode("utf-32"), "the character U+0000"),
        (b"\x1f\x8b\x08\0", "no text in UTF-8"),
    ],
)
def test_files_that_are_no_text(tmp_path, content, told):
    (tmp_path / "a.yaml").write_bytes(content)
    with pytest.raises(InputError) as error:
        YamlFile(tmp_path / "a.yaml")
    assert told in error.value.message
    assert "\n" not in error.value.message


def test_a_file_of_no_content(tmp_path):
    (tmp_path / "a.yaml").touch()
    file = YamlFile(tmp_path / "a.yaml")
    assert file.content is None
    assert file.path == tmp_path / "a.yaml"
    assert file.find(("runs", 0)) is None


# Writing

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.sampled_from([*TEXTS, *NUMBERS, "", "~", "null", "true", "1e400", "9" * 5000, "<<", "- a"])
    | st.text("\x85\u2028\u2029\ufeff\x00\x1b\x7f\n\r\t :#'\"-?[]{}&*!|>%@`0", max_size=6),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(TEXTS), inner),
    max_leaves=8,
)  # fmt: skip


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
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
        | st.text(st.characters(max_codepoint=0xD7FF, exclude_characters="\x7f")),
        lambda inner: st.lists(inner) | st.dictionaries(st.text("ab:\"' \\", max_size=9), inner),
        max_leaves=8,
    )
)  # fmt: skip
def test_json_is_yaml(value):
    assert json.dumps(parse(json.dumps(value).replace("Infinity", ".inf"))) == json.dumps(value)


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
