import shutil

import pytest

from tests.harness.execution.faults import SUITE, run_reference


@pytest.fixture(scope="module")
def reference(once):
    """A suite and the folder into which it ran without interruption."""
    folder = once("reference", run_reference)
    return folder / "suite.yaml", folder / "out"


@pytest.fixture
def copied(reference, tmp_path):
    """The suite, a copy of its results to be hurt, and the results."""
    suite, whole = reference
    shutil.copytree(whole, tmp_path / "out")
    return suite, tmp_path / "out", whole


@pytest.fixture
def write(tmp_path):
    """Write a suite and a plug-in `bad` beside it."""

    def write(rows, plugin="", **changes):
        text = f"{SUITE}runs:\n{''.join(rows)}"
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "suite.yaml").write_text(text)
        (tmp_path / "bad.py").write_text(plugin)
        return tmp_path / "suite.yaml", tmp_path / "out"

    return write
