import pytest
from hypothesis import given
from hypothesis import strategies as st

from otlvm.wording import (
    cut,
    did_you_mean,
    flow,
    printable,
    printable_lines,
    shorten,
    with_article,
)

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(plain)
def test_short_values_are_written_as_python_does(value):
    whole = repr(value)
    short = shorten(value)
    if len(whole) <= 80:
        assert short == whole
    else:
        assert len(short) == 80
        assert whole.startswith(short[0])
        assert short.endswith("...")


def test_more_is_shown_where_more_is_asked_for():
    assert shorten(list(range(100)), 20) == "[0, 1, 2, 3, 4, 5..."
    assert len(shorten(list(range(1000)), 300)) == 300


def laughs():
    value = ["lol"]
    for _ in range(60):
        value = [value] * 10
    return value


def endless():
    value = {}
    value["again"] = [value]
    return value


def deep():
    value = []
    for _ in range(100_000):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("make", "begin"),
    [
        (laughs, "[[[["),
        (lambda: {"a": laughs()}, "{'a': [[["),
        (endless, "{'again': [{'again': [{"),
        (deep, "[[[["),
        (lambda: "x" * 10**7, "'xxx"),
        (lambda: b"x" * 10**7, "b'xxx"),
        (lambda: [0] * 10**7, "[0, 0, 0"),
        (lambda: set(range(10**6)), "{0, 1, 2"),
    ],
)
def test_what_is_long_is_written_no_further_than_shown(make, begin):
    short = shorten(make())
    assert len(short) == 80
    assert short.startswith(begin)


def test_plain_values_are_written_as_a_suite_has_them():
    spec = {"name": "wae", "divergence": {"name": "m:X", "on": None}, "weights": [1, 2.5, True]}
    assert flow(spec) == '{name: wae, divergence: {name: "m:X", on: null}, weights: [1, 2.5, true]}'
    assert flow(["true", "1", "", "a: b", "it's", "GM-WAE (IMQ)"]) == (
        '["true", "1", "", "a: b", "it\'s", GM-WAE (IMQ)]'
    )


@pytest.mark.parametrize("make", [laughs, endless, lambda: "x" * 10**7, lambda: ["y" * 10**7]])
def test_flow_is_written_no_further_than_shown(make):
    assert len(flow(make())) == 80


def test_numbers_of_more_digits_than_python_writes():
    assert shorten([10**5000]) == "[a number of 16,610 bits]"


def test_what_cannot_be_written():
    class Mine:
        def __repr__(self):
            raise OSError("no")

    assert shorten({"a": Mine()}) == "{'a': <Mine, whose repr raises OSError>}"


def test_long_words_are_compared_in_no_time():
    assert did_you_mean("wae", ["wea"]) == " (did you mean 'wea'?)"
    assert did_you_mean("x" * 10**7, ["wae"] * 1000) == ""


def test_cut():
    assert cut("x" * 60) == "x" * 60
    assert cut("x" * 61) == "x" * 57 + "..."


def test_texts_are_made_printable():
    assert printable("a\x1b[0m\x00\udcff\u202e é 漢") == "a\\x1b[0m\\x00\\udcff\\u202e é 漢"
    assert printable("a\tb\r\nc\u2028d\u00a0e") == "a b  c d e"
    assert printable_lines("a\tb\r\nc\x07\n") == "a       b \nc\\x07\n"


@given(st.text())
def test_printable_is_printable(text):
    assert printable(text).isprintable()
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize(
    "said",
    ["an objective", "a prior", "an expectation", "a UMAP", "an IMQMMD", "a uint8", "an ndarray",
     "a Network", "an Autoencoder", "an int", "a list", "a one-hot code", "an updater"],
)  # fmt: skip
def test_articles(said):
    assert with_article(said.split(maxsplit=1)[1]) == said
