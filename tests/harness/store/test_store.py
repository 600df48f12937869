import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile

import numpy as np
import pandas as pd
import pytest

from otlvm.harness.store import leases as leases_module
from otlvm.harness.store.files import pack, unpack
from otlvm.harness.store.leases import Leases
from otlvm.harness.store.record import DamagedResultError, ForeignResultError, new_record, run_id
from otlvm.harness.store.result import read_result, write_result
from otlvm.harness.store.store import Store

IDENTITY = {"config": {"train": {"steps": 3}}, "seed": 0, "data_checksum": "d", "code": "c"}
RECORD = new_record(IDENTITY, "row", "done", metrics={"bce": 1.5})
CURVES = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0, "bce": 3.0}]
PICTURES = {
    "images": np.arange(240, dtype=np.uint8).reshape(2, 5, 1, 4, 6),
    "codes": np.linspace(0, 1, 9, dtype=np.float32),
}
ID = run_id(IDENTITY)


REWRITE = """
import sys
from pathlib import Path
from otlvm.harness.store.files import replacing

letter, path = sys.argv[1], Path(sys.argv[2])
for _ in range(300):
    with replacing(path) as aside:
        aside.write_text(letter * 500_000)
"""


def test_files_are_whole_while_two_processes_write_them(tmp_path):
    path = tmp_path / "table.md"
    path.write_text("a" * 500_000)
    writers = [subprocess.Popen([sys.executable, "-c", REWRITE, letter, path]) for letter in "ab"]
    while any(writer.poll() is None for writer in writers):
        assert path.read_text() in ("a" * 500_000, "b" * 500_000)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [file.name for file in tmp_path.iterdir()] == ["table.md"]


def save_model(path):
    path.mkdir()
    (path / "weights").write_bytes(bytes(range(200)))


@pytest.fixture
def result(tmp_path):
    folder = tmp_path / ID
    write_result(folder, RECORD, CURVES, save_model, PICTURES)
    return folder


# a result


def test_what_is_written_is_read(result):
    record = read_result(result, IDENTITY)
    assert {key: record[key] for key in RECORD} == RECORD
    assert record == read_result(result, ID)
    assert record["id"] == ID
    assert set(record["files"]) == {"curves.csv", "model/weights", "pictures.npz"}
    curves = pd.read_csv(result / "curves.csv")
    assert curves["loss"].tolist() == [2.0, 1.0]
    assert curves["bce"].isna().tolist() == [True, False]
    assert sorted(path.name for path in result.iterdir()) == [
        *("curves.csv", "model", "pictures.npz", "record.json")
    ]
    assert read_result(result.with_name("none"), ID) is None


def test_numbers_that_json_lacks_are_refused(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        write_result(tmp_path / "r", RECORD | {"metrics": {"bce": float("nan")}}, [], None)
    with pytest.raises(DamagedResultError, match="holds no record"):
        read_result(tmp_path / "r", ID)


@pytest.mark.parametrize("name", ["record.json", "curves.csv", "model/weights", "pictures.npz"])
@pytest.mark.parametrize("damage", ["empty", "cut", "garbage", "flipped", "deleted"])
def test_damage_is_found(result, name, damage):
    path = result / name
    whole = path.read_bytes()
    if damage == "deleted":
        path.unlink()
    else:
        middle = whole.index(b"1.5") if name == "record.json" else len(whole) // 2
        flipped = whole[:middle] + bytes([whole[middle] ^ 8]) + whole[middle + 1 :]
        damaged = {"empty": b"", "cut": whole[:-7], "garbage": os.urandom(300), "flipped": flipped}
        path.write_bytes(damaged[damage])
    told = result if (name, damage) == ("record.json", "deleted") else path
    with pytest.raises(DamagedResultError, match=re.escape(str(told))):
        read_result(result, ID)


def test_a_copy_is_whole(result, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(result, copy, copy_function=shutil.copyfile)  # with times of its own
    assert read_result(copy, ID) == read_result(result, ID)


def test_another_runs_result_is_refused_with_the_difference(result):
    expected = {**IDENTITY, "config": {"train": {"steps": 5}}, "code": "other"}
    with pytest.raises(ForeignResultError) as caught:
        read_result(result, expected)
    lines = str(caught.value).splitlines()
    assert "  config.train.steps: 3 there, 5 expected" in lines
    assert "  code: c there, other expected" in lines
    assert not any("seed" in line for line in lines)
    other = run_id(expected)
    with pytest.raises(ForeignResultError, match=f"is that of {ID}, .*{other} is expected"):
        read_result(result, other)


def test_another_schema_is_refused(result):
    path = result / "record.json"
    path.write_text(path.read_text().replace('"schema": 2', '"schema": 1'))
    with pytest.raises(ForeignResultError, match="schema 1, expected 2"):
        read_result(result, ID)


def test_the_same_pictures_are_the_same_bytes(result, tmp_path):
    write_result(tmp_path / "again", RECORD, CURVES, save_model, dict(PICTURES))
    again = tmp_path / "again/pictures.npz"
    assert again.read_bytes() == (result / "pictures.npz").read_bytes()
    with zipfile.ZipFile(again) as archive:  # members carry no time of writing
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


# the store


def write_and_commit(store, record=RECORD, curves=(), pictures=None):
    write_result(store.folder(ID) / "result", record, curves, None, pictures)
    store.commit(ID)
    return store.tidy(ID)


def files(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_commit_replaces_in_one_step(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    assert store.record(ID) is None
    write_and_commit(store, RECORD | {"status": "failed"}, curves=CURVES)
    assert store.record(IDENTITY | {"id": ID})["status"] == "failed"
    write_and_commit(store)
    assert store.record(ID)["status"] == "done"
    assert files(tmp_path) == [".otlvm", "leases/.lock", f"runs/{ID}/record.json"]
    assert list((tmp_path / "work").iterdir()) == []


def test_pictures_come_back_from_wherever_they_were_written(tmp_path):
    elsewhere, store = Store(tmp_path / "there"), Store(tmp_path / "here")
    for each in (elsewhere, store):
        each.open_for_writing()
    assert store.pictures(ID) == {}
    write_result(elsewhere.folder(ID) / "result", RECORD, [], None, PICTURES)
    unpack(pack(elsewhere.folder(ID), ["result"]), store.folder(ID))
    store.commit(ID)
    assert store.record(ID)["status"] == "done"
    found = store.pictures(ID)
    assert list(found) == list(PICTURES)
    for name, array in PICTURES.items():
        np.testing.assert_array_equal(found[name], array, strict=True)
    write_and_commit(store)  # as one of an older version
    assert store.record(ID)["status"] == "done"
    assert store.pictures(ID) == {}


def test_pictures_hold_no_code(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    write_and_commit(store, pictures={"codes": np.array([print])})
    with pytest.raises(ValueError, match="allow_pickle=False"):
        store.pictures(ID)


def test_what_a_run_printed_stays_with_its_result_and_damage_aside(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    (store.folder(ID) / "log.txt").write_text("a warning")
    (store.folder(ID) / "checkpoint.damaged").write_text("?")
    place = write_and_commit(store)
    assert place.read_text() == "?"
    assert place.parent == tmp_path / "damaged"
    assert (tmp_path / "runs" / ID / "log.txt").read_text() == "a warning"
    assert store.record(ID)["status"] == "done"


def test_a_run_that_somebody_works_on_is_not_tidied(another, tmp_path):
    store = Store(tmp_path)
    (store.folder("r") / "checkpoint").touch()
    assert store.tidy("r") is None
    assert (store.folder("r") / "checkpoint").exists()


@pytest.mark.parametrize(
    ("status", "kept"), [("done", False), ("diverged", False), ("failed", True), ("timeout", True)]
)
def test_checkpoints_are_kept_where_a_second_try_may_use_them(tmp_path, status, kept):
    store = Store(tmp_path)
    store.open_for_writing()
    for name in ("checkpoint", "log.txt", "progress.json"):
        (store.folder(ID) / name).touch()
    write_and_commit(store, RECORD | {"status": status})
    assert files(tmp_path / "work") == ([f"{ID}/checkpoint"] if kept else [])


def test_a_written_result_that_was_not_committed_is_found(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    expected = IDENTITY | {"id": ID}
    assert store.finished(expected) is None
    result = store.folder(ID) / "result"
    write_result(result, RECORD, CURVES, None)
    assert store.finished(expected)["status"] == "done"
    (result / "curves.csv").write_text("")
    assert store.finished(expected) is None


def test_damage_is_set_aside_under_names_of_its_own(tmp_path):
    store = Store(tmp_path)
    store.open_for_writing()
    for count in (1, 2):
        write_and_commit(store)
        place = store.set_aside(store.runs / ID)
        assert place == tmp_path / "damaged" / f"runs-{ID}-{count}"
        assert (place / "record.json").exists()
        assert store.record(ID) is None


# leases

HOLD = """
import sys, time
from pathlib import Path
from otlvm.harness.store.leases import Leases
print(Leases(Path(sys.argv[1])).acquire("r"), flush=True)
time.sleep(60)
"""


@pytest.fixture
def another(tmp_path):
    """A process that holds the lease of run r."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "leases")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "True\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_lease_is_one_process_s(another, tmp_path):
    ours = Leases(tmp_path / "leases")
    assert not ours.acquire("r")
    assert ours.owner("r").endswith(f"process {another.pid}")
    assert ours.on_this_host() == ["r"]
    ours.release("r")  # not ours to give
    assert not ours.acquire("r")
    assert ours.acquire("other")
    assert ours.holds("other")
    ours.release("other")
    assert ours.owner("other") is None


def test_the_lease_of_a_dead_process_is_free(another, tmp_path):
    ours = Leases(tmp_path / "leases")
    another.kill()
    time.sleep(0.2)  # dead but not yet waited for
    assert ours.owner("r") is None
    assert ours.acquire("r")
    assert ours.holds("r")


def test_a_lease_that_nobody_touches_is_free(another, tmp_path, monkeypatch):
    ours = Leases(tmp_path / "leases")
    path = tmp_path / "leases/r.json"
    os.utime(path, (time.time() - 61,) * 2)
    assert ours.acquire("r")
    os.utime(path, (time.time() - 59,) * 2)
    ours.touch("r")
    assert time.time() - path.stat().st_mtime < 5


def test_a_reused_process_number_is_another_process(tmp_path):
    ours = Leases(tmp_path / "leases")
    assert ours.acquire("r")
    path = tmp_path / "leases/r.json"
    owner = json.loads(path.read_text())
    path.write_text(json.dumps({**owner, "started": "1", "token": "its own"}))
    assert not ours.holds("r")
    assert ours.acquire("r")


def test_another_hosts_lease_lives_while_it_is_touched(tmp_path):
    ours = Leases(tmp_path / "leases")
    assert ours.acquire("r")
    path = tmp_path / "leases/r.json"
    path.write_text(json.dumps({"host": "elsewhere", "pid": 1, "started": "5"}))
    assert not ours.acquire("r")
    assert ours.owner("r") == "elsewhere, process 1"
    assert ours.on_this_host() == []
    os.utime(path, (time.time() - leases_module.STALE_SECONDS - 1,) * 2)
    assert ours.acquire("r")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}"])
def test_a_damaged_lease_is_free(tmp_path, text):
    ours = Leases(tmp_path / "leases")
    assert ours.acquire("r")
    (tmp_path / "leases/r.json").write_text(text)
    assert ours.owner("r") is None
    assert ours.acquire("r")
