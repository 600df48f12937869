"""What trackers are given of a run."""

import pytest

from otlvm.harness.comparison.records import read_records
from otlvm.harness.trackers.logged import read_run

PAIRS = {
    "class": ["code_components"],
    "component": ["code_labels", "class_components"],
    "class, component": [],
}


@pytest.mark.parametrize("shown", PAIRS)
def test_codes_are_called_by_what_colours_them(write_study, picture_arrays, shown):
    """Data without labels have components alone."""
    arrays = {k: v for k, v in picture_arrays().items() if k not in PAIRS[shown]}
    store = write_study({"a": [{}]}, arrays=arrays)
    run = read_run(store, "a", read_records(store)["id"][0])
    names = [name for name in run.pictures if name.startswith("codes_by_")]
    assert names == [f"codes_by_{by}" for by in shown.split(", ")]
