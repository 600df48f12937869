"""No room on the disk: what was finished is kept."""

import os
import resource
import shutil
import subprocess

import pytest

from tests.harness.execution.faults import check_whole, ids, records, row, run

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("nothing_left")]


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (18_000, 18_000))


def test_files_that_cannot_grow(copied):
    suite, out, whole = copied
    shutil.rmtree(out / "runs" / ids(out)["imq", 1])
    before = records(out)
    code, output, errors = run(suite, out, preexec_fn=small_files)
    assert (code, output) == (4, ""), errors
    assert f"{out} cannot be written" in errors
    assert "the same command goes on from there" in errors
    assert records(out) == before
    code, _, errors = run(suite, out)
    assert code == 0, errors
    check_whole(out, whole)


def test_tables_that_cannot_be_written(copied):
    suite, out, whole = copied
    for path in out.glob("curves.*"):
        path.unlink()
    code, _, errors = run(suite, out, preexec_fn=small_files)
    assert code == 4, errors
    check_whole(out, whole)


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a disk is not permitted")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path, leave):
    free = os.statvfs(path.parent)
    path.write_bytes(b"x" * (free.f_bavail * free.f_bsize - leave))


@pytest.mark.parametrize("left", [0, 60_000], ids=["from the start", "while it runs"])
def test_full_disk(reference, small_disk, left):
    suite, whole = reference
    out, filler = small_disk / "out", small_disk / "filler"
    fill(filler, left)
    code, output, errors = run(suite, out, "--only", "imq")
    assert (code, output) == (4, ""), errors
    assert f"{out} cannot be written" in errors
    assert all(record["status"] == "done" for record in records(out).values())
    kept = {path: path.read_bytes() for path in out.glob("runs/*/record.json")}
    filler.unlink()
    code, _, errors = run(suite, out, "--only", "imq")
    assert code == 0, errors
    check_whole(out, whole)
    for path, content in kept.items():
        assert path.read_bytes() == content


def test_out_below_a_file(write, tmp_path):
    suite, _ = write([row("a", "imq_mmd")])
    code, _, errors = run(suite, tmp_path / "bad.py" / "out")
    assert code == 2
    assert "bad.py/out cannot be written" in errors
