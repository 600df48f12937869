"""Rows of both precisions, from the suite file to the lock."""

import pytest

from otlvm.harness.suite.load import load_suite
from otlvm.training import precision
from tests.support import records

RUNS = """\
runs:
  - label: "{precision}"
    objective: vae
    grid: {train.precision: [float32, bfloat16]}
"""


@pytest.mark.parametrize("here", [True, False])
def test_rows_of_both_precisions(run_main, write_suite, tmp_path, monkeypatch, here):
    monkeypatch.setitem(precision._INSTRUCTIONS["bfloat16"], "cpu", lambda: here)
    suite = write_suite(RUNS)
    code, output, errors = run_main(suite, "--dry-run")
    assert code == 0, output + errors
    assert ("computes it by way of float32" in " ".join(errors.split())) is not here
    if not here:
        return
    code, output, errors = run_main(suite, "--out", tmp_path / "out", "--threads", "1")
    assert code == 0, output + errors
    found = records(tmp_path / "out")
    asked = {label: r["config"]["train"].get("precision") for (label, _), r in found.items()}
    assert asked == {"float32": None, "bfloat16": "bfloat16"}
    one, other = (record["metrics"] for record in found.values())
    assert one["bce"] != other["bce"]
    assert one["bce"] == pytest.approx(other["bce"], rel=0.02)
    locked = load_suite(tmp_path / "out" / "suite.lock.yaml")
    assert [run.config for run in locked.runs] == [run.config for run in load_suite(suite).runs]
