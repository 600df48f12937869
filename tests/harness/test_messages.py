import pickle

import pytest

from otlvm.harness.messages import InputError, no_row, one_line, one_screen, show_path


@pytest.mark.parametrize(
    "text",
    ["x" * 10**6, "x\n" * 10**6, "word " * 10**5, "\x1b" * 10_000, "\n" * 50 + "x" * 9_000],
)
def test_messages_fit_on_a_screen(text):
    shown = one_screen(text)
    assert len(shown) <= 1_600
    assert len(shown.splitlines()) <= 20
    assert "..." in shown


def test_a_cut_message_keeps_where_and_remedy():
    shown = one_screen(f"{'folder/' * 1000}suite.yaml:3: data: is missing; correct 'path:'")
    assert shown.startswith("folder/")
    assert shown.endswith("suite.yaml:3: data: is missing; correct 'path:'")


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_no_message_is_empty(text):
    assert one_screen(text) == "no reason was given"


def test_terminals_get_no_codes():
    hostile = "a\x1b[31m \udcff \u202e b\u00a0c é 漢 \x07"
    assert one_screen(hostile) == "a\\x1b[31m \\udcff \\u202e b c é 漢 \\x07"
    one_screen(hostile).encode()
    assert (
        one_line(ValueError(f"{hostile}\n"))
        == "ValueError: a\\x1b[31m \\udcff \\u202e b c é 漢 \\x07"
    )


def test_input_errors_fit_and_can_be_sent():
    error = pickle.loads(pickle.dumps(InputError("x" * 5_000, ("runs", 1))))
    assert len(error.message) == len(str(error)) == 1_600
    assert error.path == ("runs", 1)


def test_key_paths_are_cut():
    assert show_path(("runs", 1, "objective", "beta")) == "runs[1].objective.beta"
    assert show_path(()) == ""
    assert len(show_path(("x" * 10**6,))) == 60
    assert len(show_path(("word",) * 100)) == 300


def test_many_labels_are_cut():
    said = no_row("x" * 10**6, [f"row {i}" for i in range(100_000)])
    assert len(said) < 600
    assert said.endswith("[...]")
