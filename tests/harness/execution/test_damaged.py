"""Damaged results and checkpoints are kept aside."""

import hashlib
import io
import pickle
import random
import shutil

import pytest
import torch

from tests.harness.execution.faults import CELLS, check_whole, ids, run

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("nothing_left")]


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


def garbage(path):
    path.write_bytes(random.Random(0).randbytes(1000))


def test_damaged_results_are_kept_aside_and_computed_again(copied):
    suite, out, whole = copied
    damage = {}
    for cell, hurt, name in (
        (CELLS[0], cut, "record.json"),
        (CELLS[1], empty, "record.json"),
        (CELLS[2], garbage, "record.json"),
        (CELLS[3], cut, "model/model.safetensors"),
    ):
        path = out / "runs" / ids(out)[cell] / name
        hurt(path)
        damage[ids(out)[cell], name] = path.read_bytes()
    code, _, errors = run(suite, out)
    assert code == 0, errors
    for (run_id, name), content in damage.items():
        place = out / "damaged" / f"runs-{run_id}-1"
        assert (place / name).read_bytes() == content
        assert f"kept as {place}, computed again" in errors
    check_whole(out, whole)


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_damaged_and_malicious_checkpoints_are_kept_aside(copied, tmp_path):
    suite, out, whole = copied
    harm = tmp_path / "harm"
    payload = io.BytesIO()
    torch.save({"identity": "", "notes": {}, "state": Malicious(harm)}, payload)
    pickled = pickle.dumps(Malicious(harm))
    contents = {
        CELLS[0]: b"",
        CELLS[1]: random.Random(0).randbytes(1000),
        CELLS[2]: hashlib.sha256(pickled).digest() + pickled,
        CELLS[3]: hashlib.sha256(payload.getvalue()).digest() + payload.getvalue(),
    }
    for cell, content in contents.items():
        shutil.rmtree(out / "runs" / ids(out)[cell])
        folder = out / "work" / ids(out)[cell]
        folder.mkdir()
        (folder / "checkpoint").write_bytes(content)
    code, _, errors = run(suite, out)
    assert code == 0, errors
    assert not harm.exists()
    check_whole(out, whole)
    kept = [path.read_bytes() for path in (out / "damaged").rglob("*") if path.is_file()]
    assert sorted(kept) == sorted(contents.values())
    assert errors.count("checkpoint") >= 4  # it says so, where somebody sees it


def test_python_in_the_suite_is_refused(write, tmp_path):
    harm = tmp_path / "harm"
    tag = f"{{label: !!python/object/apply:os.system ['touch {harm}'], objective: vae}}"
    suite, out = write([f"  - {tag}\n"])
    code, output, errors = run(suite, out)
    assert (code, output) == (2, "")
    assert "only plain YAML is read" in errors
    assert not harm.exists()
    assert not out.exists()
