"""Merge keys, aliases, keys, tags, and what multiplies or nests without end."""

import pytest
import yaml as pyyaml

from otlvm.harness.suite import nodes
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.yaml import parse

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
def test_wrong_merge_keys(refused, text, told):
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
def test_aliases_of_nothing(refused, text, told):
    assert told in refused(text)


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
def test_keys(refused, text, told):
    assert told in refused(text)


@pytest.mark.usefixtures("both")
@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y", "1_0", "1:30", "2001-12-14"])
def test_keys_that_are_texts(word):
    assert parse(f"{word}: {word}") == {word: word}


# Tags


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
def test_tags(refused, tag, value):
    if (tag, value) == ("!!str", "touch"):
        assert parse(f"{tag} {value}") == "touch"
    elif (tag, value) != ("!!int", "touch"):
        told = refused(f"a: 1\nb: {tag} {value}")
        assert told.startswith("line 2: only plain YAML is read; remove the tag ")


def test_tags_of_the_other_kind(refused):
    assert "remove the tag !!seq" in refused("!!seq {}")
    assert "remove the tag !!map" in refused("!!map []")
    assert "remove the tag !!map" in refused("!!map word")


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
def test_few_lines_that_are_millions_of_values(refused, text):
    assert len(text) < 200_000
    assert "more than 2,000,000 values" in refused(text)


def test_many_values(refused, monkeypatch):
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
def test_too_deep(refused, text):
    assert "nested more than 100 deep" in refused(text)
