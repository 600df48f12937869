import os
import signal

import pytest

from otlvm.harness.suite.load import load_suite
from tests.harness.execution.faults import STARTED


@pytest.fixture
def load(write_suite):
    def load(added, overrides=None, **changes):
        return load_suite(write_suite(added, **changes), overrides)

    return load


@pytest.fixture
def refuse(run_main, tmp_path):
    """Run a suite that must be refused before training, with a short and complete message."""

    def check(suite, *told, arguments=(), at=None, out="out"):
        code, output, errors = run_main(suite, "--out", tmp_path / out, *arguments)
        assert code == 2
        assert output == ""
        assert "Traceback" not in errors
        assert len(errors.splitlines()) < 20
        shown = "".join(errors.split())  # the terminal's width breaks lines anywhere
        if at is not None:
            before, found, _ = suite.read_text().partition(at)
            assert found
            told += (f"{suite}:{before.count(chr(10)) + 1}: ",)
        for part in told:
            assert "".join(part.split()) in shown
        assert not list(tmp_path.rglob("record.json"))
        assert not (tmp_path / "out").exists()

    return check


@pytest.fixture
def nothing_left():
    """End what a failed test has left running."""
    yield
    while STARTED:
        harness = STARTED.pop()
        for pid in harness.processes():
            os.kill(pid, signal.SIGKILL)
        harness.process.communicate(timeout=90)
