"""Saved models that parts of a start start from: found from the suite, wherever one types."""

import shutil

import numpy as np
import pytest

from otlvm.harness.messages import InputError
from otlvm.harness.planning.jobs import resolve
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import load_suite
from tests.support import records

START = "{name: distill, clustering: kmeans, steps: 1, then: {name: trained, run: %s}}"
ROW = "runs:\n  - label: a\n    objective: vae\n    train: {start: " + START + "}\n"


@pytest.fixture
def suite(write_suite, run_main, tmp_path):
    """Write a suite in a folder of its own, with a saved model `m` beside it."""
    before = write_suite("runs: [{label: a, objective: vae}]\n")
    assert run_main(before, "--out", tmp_path / "before")[0] == 0
    (record,) = records(tmp_path / "before").values()
    folder = tmp_path / "suites"
    folder.mkdir()
    shutil.copytree(Store(tmp_path / "before").runs / record["id"] / "model", folder / "m")

    def suite(run="m", **changes):
        return write_suite(ROW % run, **changes).replace(folder / "suite.yaml")

    return suite


def ids(path):
    loaded = load_suite(path)
    return [job.id for job in resolve(loaded, loaded.runs)]


@pytest.mark.parametrize("jobs", ["0", "1"])
def test_a_saved_model_is_found_from_the_suite_and_from_its_lock(suite, run_main, tmp_path, jobs):
    path, out = suite(), tmp_path / "out"
    code, _, errors = run_main(path, "--out", out, "--jobs", jobs)
    assert code == 0, errors
    assert "run: ../suites/m" in (out / "suite.lock.yaml").read_text()
    assert ids(out / "suite.lock.yaml") == ids(path)
    before = {place: place.read_bytes() for place in out.glob("runs/*/record.json")}
    code, _, errors = run_main(out / "suite.lock.yaml", "--out", out, "--jobs", jobs)
    assert (code, errors.count("kept")) == (0, 1)
    assert {place: place.read_bytes() for place in out.glob("runs/*/record.json")} == before


def test_what_a_saved_model_holds_makes_the_run_and_not_its_place(suite, tmp_path):
    before = ids(suite())
    assert ids(suite("./m")) == ids(suite(tmp_path / "suites" / "m")) == before
    shutil.copytree(tmp_path / "suites" / "m", tmp_path / "elsewhere")
    assert ids(suite("../elsewhere")) == before
    (tmp_path / "elsewhere" / "note.txt").write_text("another")
    assert ids(suite("../elsewhere")) != before


def test_a_saved_model_that_does_not_fit_is_refused(suite, tmp_path):
    with pytest.raises(InputError, match=r"then.run: no saved model: .*suites/n is no folder"):
        ids(suite("n"))
    images = np.random.default_rng(0).random((40, 4, 4), dtype=np.float32)
    np.savez(tmp_path / "suites" / "small.npz", x_train=images, x_test=images)
    path = suite(**{"data: digits": "data: {name: npz, path: small.npz}"})
    with pytest.raises(InputError) as caught:
        ids(path)
    told = "then.run: m is a model of images of shape [1, 8, 8], and data have [1, 4, 4]"
    assert told in caught.value.message
