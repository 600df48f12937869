"""What strangers and plug-ins may write: files of any kind, texts of any kind."""

import hashlib
import json
import os
import sys

import numpy as np
import pytest

from otlvm.harness.messages import MOST_CHARACTERS, one_line
from otlvm.harness.metrics import known_metrics
from otlvm.harness.store import store as store_module
from otlvm.harness.store.files import check_readable, read_json, replacing, tidy_replacements
from otlvm.harness.store.light import copy_without_models
from otlvm.harness.store.record import MOST_TEXT, DamagedResultError, new_record, run_id
from otlvm.harness.store.result import _digest, write_result
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


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000])
def test_depth_is_found_without_the_parser_s_stack(tmp_path, monkeypatch, text):
    """Whose limit another library may have raised beyond what the stack holds."""
    path = tmp_path / "file.json"
    path.write_text(text)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10**6)
    try:
        with pytest.raises(ValueError, match="nested too deeply"):
            read_json(path)
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize(
    "value",
    [["[" * 5_000, '"[' * 2_000, "\\"], [[i] for i in range(3_000)], {"a": [{}] * 3_000}],
)
def test_many_brackets_are_not_deep(tmp_path, value):
    path = tmp_path / "file.json"
    path.write_text(json.dumps(value))
    assert read_json(path) == value


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
    ours = f".otlvm-{os.uname().nodename}-{os.getpid()}-table.md"
    theirs = ".otlvm-elsewhere-7-table.md"
    dead = f".otlvm-{os.uname().nodename}-{2**22 + 5}-table.md"
    users = [".vim-2024-notes.txt", f".{os.uname().nodename}-{2**22 + 5}-table.md", ".otlvm-a-b-c"]
    for name in (ours, theirs, dead, *users):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0) if name != ours else None)
    Store(tmp_path).open_for_writing()
    assert (tmp_path / ours).exists()
    assert not (tmp_path / theirs).exists()
    assert not (tmp_path / dead).exists()
    assert all((tmp_path / name).exists() for name in users)


def test_a_replacement_says_whose_it_is(tmp_path):
    with replacing(tmp_path / "table.md") as aside:
        aside.touch()
        assert aside.name == f".otlvm-{os.uname().nodename}-{os.getpid()}-table.md"
        tidy_replacements(tmp_path)
        assert aside.exists()


def forge(root, **changes):
    """Write a record that says what it says, and whose digest is right."""
    record = new_record(IDENTITY, "row", "done", metrics={"bce": 1.5})
    place = root / "runs" / run_id(record)
    write_result(place, record, [], None)
    forged = json.loads((place / "record.json").read_text()) | changes
    forged = {key: value for key, value in forged.items() if value is not ...}
    forged["digest"] = _digest(forged)
    (place / "record.json").write_text(json.dumps(forged))
    return place.name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("status", value) for value in (None, 5, [], {}, "finished")),
        *(("metrics", value) for value in (None, [1], {"bce": "x"}, {"bce": 10**400}, ...)),
        *(("started", value) for value in (5, "garbage", "2026-01-01")),
        *(("class_names", value) for value in (5, "abc", [None])),
        *(("files", value) for value in ([], {"a": {}}, {"a": {"size": 1, "mtime_ns": "x"}})),
        ("label", ["row"]), ("reason", 5), ("diverged", {"term": "x"}), ("side_by_side", None),
        ("wall_seconds", "1"), ("environment", []), ("notes", [1]), ("unlabelled", ["a"]),
        ("metrics_failed", {"a": 1}), ("pictures_failed", True),
    ],
)  # fmt: skip
def test_a_record_of_another_form_is_damaged_whatever_its_digest_says(tmp_path, field, value):
    assert Store(tmp_path).record(forge(tmp_path))["status"] == "done"
    run = forge(tmp_path, **{field: value})
    with pytest.raises(DamagedResultError, match=f"has no {field}, or not as we write it$"):
        Store(tmp_path).record(run)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        *(("name", value) for value in (None, 5, ["a"])),
        *(("runs", [{"label": "a", "seed": 0, "id": "a"} | row])
          for row in ({"label": 5}, {"seed": "0"}, {"id": None}, {"data": []}, {"method": {}})),
        *(("claims", value) for value in (None, 5, [None])),
        ("table", 5), ("published", None), ("figures", ["a"]), ("numbers", 5), ("metrics", "a"),
    ],
)  # fmt: skip
def test_a_manifest_of_another_form_is_refused(tmp_path, part, value):
    store = Store(tmp_path)
    store.write_manifest("name", [{"label": "a", "seed": 0, "id": "a"}])
    assert store.manifest()["name"] == "name"
    content = json.loads((tmp_path / "suite.json").read_text()) | {part: value}
    (tmp_path / "suite.json").write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f"suite.json: {part} is not as we write it"):
        store.manifest()


def test_numbers_that_are_none_of_ours_are_refused():
    with pytest.raises(ValueError, match="numbers are not as we write them"):
        known_metrics({"numbers": [{"key": "x", "colour": "red"}]})


def test_half_a_character_costs_no_folder(tmp_path):
    store = Store(tmp_path)
    store.write_manifest("a\ud800", [{"label": "b\udfff \U0001f642", "seed": 0, "id": "a"}])
    manifest = store.manifest()
    assert manifest["name"] == "a\\ud800"
    assert manifest["runs"][0]["label"] == "b\\udfff \U0001f642"


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/hostname", "a/../../../b", "..", "", "a//b"]
)
def test_names_that_lead_out_of_a_result_are_refused(tmp_path, name):
    """Nothing is read there, and `otlvm keep` writes nothing beside its target."""
    outside = tmp_path / "evil.txt"
    outside.write_text("of somebody else")
    status = outside.stat()
    digest = hashlib.sha256(outside.read_bytes()).hexdigest()
    fingerprint = {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": digest}
    root, copy = tmp_path / "deep" / "store", tmp_path / "far" / "copy"
    run = forge(root, files={name: fingerprint})
    with pytest.raises(DamagedResultError, match="has no files, or not as we write it"):
        Store(root).record(run)
    Store(root).open_for_writing()
    Store(root).write_manifest("tiny", [{"label": "row", "seed": 0, "id": run}])
    assert copy_without_models(Store(root), Store(copy)) == 0
    assert [path.name for path in tmp_path.rglob("evil.txt")] == ["evil.txt"]
