"""Files that know their lines, and files that are none."""

import os
from pathlib import Path

import pytest

from otlvm.harness.messages import InputError
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.yaml import YamlFile

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
    with pytest.raises(InputError, match=r"^cannot be read: longer than 20 MB$"):
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
