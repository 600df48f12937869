import csv
import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otlvm.harness.escapes.csv import escape, to_csv, unescape

BEGINNINGS = [
    "",
    "'",
    "''",
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    " =",
    "'=",
    " \t-",
    "＝",
    "＋",
    "－",
    "＠",
]


@pytest.mark.parametrize(
    "beginning", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋", "－", "＠"]
)
def test_no_text_begins_as_a_formula(beginning):
    assert escape(f"{beginning}1") == f"'{beginning}1"


@pytest.mark.parametrize("text", ["VAE, beta=20", "a-b", "", "'x'", "a@b", "0.5", "λ"])
def test_other_texts_stay(text):
    assert escape(text) == text


@given(st.sampled_from(BEGINNINGS), st.text())
def test_every_text_is_read_back(beginning, text):
    assert unescape(escape(beginning + text)) == beginning + text


def test_texts_that_were_never_escaped_stay():
    assert [unescape(text) for text in ("=1", "'x'", "-")] == ["=1", "'x'", "-"]


def test_a_table_is_read_back_by_any_reader():
    labels = ["=1+1", "a\rb", "a\r\nb", '"a",\nb', "-0.5", "plain"]
    frame = pd.DataFrame({"label": labels, "-x": [-0.5, 1 / 3, 1e-9, np.nan, -np.inf, 2.0]})
    frame["mixed"] = pd.Series([1, None, "=x", True, -2, 0.1], dtype=object)
    text = to_csv(frame)
    rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert rows[0] == ["label", "'-x", "mixed"]
    assert [unescape(row[0]) for row in rows[1:]] == labels
    assert [row[1] for row in rows[1:]] == ["-0.5", repr(1 / 3), "1e-09", "", "-inf", "2.0"]
    assert [row[2] for row in rows[1:]] == ["1", "", "'=x", "True", "-2", "0.1"]
    again = pd.read_csv(io.StringIO(text, newline=""), lineterminator="\n")
    assert list(again["label"].map(unescape)) == labels
    assert again["'-x"].dtype == float
    assert text.startswith("label,'-x,mixed\n'=1+1,-0.5,1\n")


def test_without_texts_it_is_as_pandas_writes_it():
    frame = pd.DataFrame({"label": ["a, b", "c"], "n": [1, 2], "best": [True, False]})
    assert to_csv(frame) == frame.to_csv(index=False)
    assert to_csv(frame.iloc[:0]) == frame.iloc[:0].to_csv(index=False)
