"""Every key knows its line."""

import pytest

from otlvm.harness.messages import show_path
from otlvm.harness.suite.yaml import YamlFile, parse

TEXT = """\
# a comment
data: digits
runs:
  - label: a
    objective: {name: wae,
      divergence: {name: imq_mmd}}

  - label: b
    grid: {objective.beta: [1,
      2]}
"""


@pytest.mark.parametrize(
    ("path", "found", "line"),
    [
        (("data",), ("data",), 2),
        (("runs",), ("runs",), 3),
        (("runs", 0), ("runs", 0), 4),
        (("runs", 0, "objective", "name"), ("runs", 0, "objective", "name"), 5),
        (
            ("runs", 0, "objective", "divergence", "scales"),
            ("runs", 0, "objective", "divergence"),
            6,
        ),
        (("runs", 1), ("runs", 1), 8),
        (("runs", 1, "grid", "objective.beta", 1), ("runs", 1, "grid", "objective.beta", 1), 10),
        (("runs", 2, "label"), ("runs",), 3),
        (("data", "name"), ("data",), 2),
    ],
)
def test_lines_of_keys(tmp_path, path, found, line):
    (tmp_path / "a.yaml").write_text(TEXT)
    assert YamlFile(tmp_path / "a.yaml").find(path) == (found, line)


@pytest.mark.parametrize("path", [(), ("train",), (0,)])
def test_no_line(tmp_path, path):
    (tmp_path / "a.yaml").write_text(TEXT)
    assert YamlFile(tmp_path / "a.yaml").find(path) is None


def test_show_path():
    assert show_path(("runs", 1, "objective", "beta")) == "runs[1].objective.beta"
    assert show_path(()) == ""


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "y"])
def test_only_true_and_false_are_truth_values(word):
    assert parse(f"{word}: {word}") == {word: word}
    assert parse("a: true\nb: False") == {"a": True, "b": False}
