import pytest

from otlvm.harness.speed import overhead


def test_the_command_holds_its_training_and_more():
    found = overhead.measure_overhead(steps=4, repetitions=1).set_index("what")
    assert list(found.index) == [
        "a loop by hand",
        "fit",
        "the training of a run",
        "the command, all in all",
    ]
    assert (found["ms"] > 0).all()
    assert found.loc["the command, all in all", "ms"] > found.loc["the training of a run", "ms"]
    loop, fit = found.loc["a loop by hand"], found.loc["fit"]
    assert loop["above"] == 0
    assert fit["above"] == pytest.approx(fit["ms"] / loop["ms"] - 1)
