"""Times of a repetition alone stand for those that were measured beside other runs."""

from dataclasses import asdict

import pytest

from otlvm.harness.comparison.records import read_records
from otlvm.harness.metrics import Metric
from otlvm.harness.store.record import new_record, run_id
from otlvm.harness.store.result import write_result

OWN = Metric("enc_ms", "enc ms", "low", 1, timing=True, yardstick="machine")
THERE = {"device_name": "B"}


@pytest.fixture
def repeated(commit):
    def repeat(**metrics):
        measured = {"accuracy": 0.5, "fit_seconds": 4.0, "enc_ms": 40.0}
        store = commit({"a": [measured]}, side_by_side=4, numbers=[asdict(OWN)])
        identity = {"config": {"cell": 0}, "seed": 0, "data_checksum": "d", "code": "c"}
        record = new_record(
            identity, "a", "done", metrics=metrics, side_by_side=1, environment=THERE
        )
        timings = store.timings()
        timings.open_for_writing()
        write_result(timings.folder(run_id(identity)) / "result", record, [], None)
        timings.commit(run_id(identity))
        return read_records(store).loc[0]

    return repeat


def test_times_of_ones_own_are_replaced_too(repeated):
    run = repeated(accuracy=0.9, fit_seconds=1.0, enc_ms=5.0)
    assert list(run[["accuracy", "fit_seconds", "enc_ms", "side_by_side"]]) == [0.5, 1.0, 5.0, 1]
    assert run["timed_in"] == THERE
    assert run["environment"] != THERE


def test_a_repetition_that_lacks_a_time_replaces_none(repeated):
    run = repeated(accuracy=0.5, fit_seconds=1.0)
    assert list(run[["fit_seconds", "enc_ms", "side_by_side"]]) == [4.0, 40.0, 4]
    assert run["timed_in"] is None
