"""What strangers and plug-ins may write: files of any kind, texts of any kind."""

import json
import os

import numpy as np
import pytest

from otlvm.harness.messages import MOST_CHARACTERS, one_line
from otlvm.harness.store import store as store_module
from otlvm.harness.store.files import check_readable
from otlvm.harness.store.record import MOST_TEXT, DamagedResultError, new_record, write_result
from otlvm.harness.store.store import Store
from otlvm.harness.store.work_folder import read_progress

IDENTITY = {"config": {}, "seed": 0, "data_checksum": "", "code": ""}


@pytest.mark.parametrize("kind", ["deep", "pipe", "circle", "device", "bytes"])
def test_files_that_are_no_json_of_ours_are_refused_at_once(tmp_path, kind):
    path = tmp_path / "runs" / "id" / "record.json"
    path.parent.mkdir(parents=True)
    if kind == "deep":
        path.write_text("[" * 200_000)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(b"\xff")
    with pytest.raises(DamagedResultError, match="is not a complete record"):
        Store(tmp_path).record("id")


def test_files_that_would_fill_the_memory_are_not_read(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"1" * 100)
    check_readable(path)
    with pytest.raises(ValueError, match="it has 100 bytes, more than the 99 that we read"):
        check_readable(path, 99)


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"step": "a", "steps": 2}', '{"step": 3, "steps": 0}',
     '{"step": 1e999, "steps": 1e999}', '{"step": -1, "steps": 1}', '{"step": 2, "steps": 1}'],
)  # fmt: skip
def test_garbage_is_no_progress(tmp_path, text):
    (tmp_path / "progress.json").write_text(text)
    assert read_progress(tmp_path) is None


def test_progress_has_numbers_alone(tmp_path):
    (tmp_path / "progress.json").write_text('{"step": 1, "steps": 2, "loss": "x", "bce": 3.5}')
    assert read_progress(tmp_path) == {"step": 1, "steps": 2, "bce": 3.5}


def test_text_from_outside_is_cleaned_where_it_enters(tmp_path):
    """A file name that is no UTF-8, and a message of a megabyte."""
    wild = "caf\udce9 " + "x" * 1_000_000
    reason = one_line(FileNotFoundError(2, "No such file", wild))
    assert len(reason) <= MOST_CHARACTERS
    notes, details = [wild], {"a": wild}
    record = new_record(
        IDENTITY, "row", "failed", reason=wild, details=wild, notes=notes, metrics_failed=details
    )
    write_result(tmp_path / "r", record, [{"t\udce9rm": 1.0}], None)
    text = (tmp_path / "r" / "record.json").read_bytes().decode()
    assert len(text) < 5 * MOST_TEXT
    for value in (record["reason"], record["details"], *record["notes"]):
        assert value.encode()
        assert len(value) <= MOST_TEXT + 10
    assert json.loads(text)["reason"] == record["reason"]


def test_pictures_that_would_fill_the_memory_are_left_where_they_are(tmp_path, monkeypatch):
    store = Store(tmp_path)
    (store.runs / "id").mkdir(parents=True)
    np.savez_compressed(store.runs / "id" / "pictures.npz", zeros=np.zeros(10**6))
    assert "zeros" in store.pictures("id")
    monkeypatch.setattr(store_module, "MOST_BYTES", 10**6)
    assert store.pictures("id") == {}


def test_what_killed_replacements_left_is_tidied(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    ours, theirs = f".{os.uname().nodename}-{os.getpid()}-table.md", ".elsewhere-7-table.md"
    dead = f".{os.uname().nodename}-{2**22 + 5}-table.md"
    for name in (ours, theirs, dead):
        (tmp_path / name).touch()
    os.utime(tmp_path / theirs, (0, 0))
    Store(tmp_path).open_for_writing()
    assert (tmp_path / ours).exists()
    assert not (tmp_path / theirs).exists()
    assert not (tmp_path / dead).exists()
