"""Rows that are trained once more, alone, for their times: those that start from another too."""

import pytest

from otlvm.harness.store.light import copy_without_models
from otlvm.harness.store.record import new_record
from otlvm.harness.store.result import write_result
from otlvm.harness.store.store import Store
from otlvm.harness.worker import work

ROWS = """\
runs:
  - {label: first, objective: vae}
  - {label: second, objective: vae, train: {start: {name: trained, run: first}}}
"""


@pytest.fixture
def beside(run_main, write_suite, tmp_path, monkeypatch):
    """A suite whose second row says that it was trained beside another run, and its first alone."""

    def as_if_beside(identity, label, status, **facts):
        facts["side_by_side"] = 2 if label == "second" else 1
        return new_record(identity, label, status, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(work, "new_record", as_if_beside)
        suite, out = write_suite(ROWS), tmp_path / "out"
        assert run_main(suite, "--out", out)[0] == 0
    return suite, Store(out)


def second(store):
    return next(row["id"] for row in store.manifest()["runs"] if row["label"] == "second")


def test_a_row_that_starts_from_one_that_was_alone_is_timed(beside, run_main):
    suite, store = beside
    code, _, errors = run_main(suite, "--out", store.root, "--serial-timing")
    assert code == 0
    assert "timing 1 runs alone" in errors
    assert "not timed" not in errors
    alone = store.timings().record(second(store))
    assert (alone["status"], alone["reason"], alone["side_by_side"]) == ("done", None, 1)
    assert "timing" not in run_main(suite, "--out", store.root, "--serial-timing")[2]


def test_a_timing_that_failed_is_said_and_repeated(beside, run_main, tmp_path):
    suite, store = beside
    copy = Store(tmp_path / "copy")
    copy_without_models(store, copy)
    code, _, errors = run_main(suite, "--out", copy.root, "--serial-timing")
    assert code == 0
    told = "second, seed 0: not timed alone: failed, no model to start from: first, seed 0, is kept"
    assert told in " ".join(errors.split())
    failed = store.record(second(store))
    timings = store.timings()
    timings.open_for_writing()
    record = new_record(failed, "second", "failed", reason="no model to start from")
    write_result(timings.folder(failed["id"]) / "result", record, [], None)
    timings.commit(failed["id"])
    assert "timing 1 runs alone" in run_main(suite, "--out", store.root, "--serial-timing")[2]
    assert timings.record(second(store))["status"] == "done"
