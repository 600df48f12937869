"""Where data lie is no part of a run's id, and relative paths start at the suite file."""

import json

import numpy as np
import pytest

from otlvm.harness.comparison.card import card
from otlvm.harness.comparison.records import read_records
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import load_suite

ROWS = "runs: [{label: VAE, objective: vae}]\ntable: {metrics: [bce]}\n"


@pytest.fixture
def suite(write_suite, tmp_path):
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    labels[:6] = -1
    x = rng.random((60, 4, 4), dtype=np.float32)
    (tmp_path / "inner").mkdir()
    np.savez(tmp_path / "inner" / "mine.npz", x_train=x, y_train=labels, x_test=x, y_test=labels)
    text = write_suite(ROWS).read_text()
    path = tmp_path / "inner" / "suite.yaml"
    path.write_text(text.replace("data: digits", "data: {name: npz, path: mine.npz}"))
    return path


def ids(out):
    return [row["id"] for row in json.loads((out / "suite.json").read_text())["runs"]]


def test_relative_paths_start_at_the_suite_and_their_spelling_decides_nothing(
    suite, run_main, tmp_path
):
    out = tmp_path / "out"
    code, _, errors = run_main(suite, "--out", out, "--jobs", "1")  # from another folder
    assert code == 0, errors
    spellings = ("./mine.npz", "../inner/mine.npz", str(tmp_path / "inner" / "mine.npz"))
    before = ids(out)
    for spelling in spellings:
        text = suite.read_text()
        suite.write_text(text.replace("path: mine.npz", f"path: {spelling}"))
        code, _, errors = run_main(suite, "--out", out)
        assert code == 0, errors
        assert "kept" in errors
        assert ids(out) == before
        suite.write_text(text)
    code, _, errors = run_main(suite, "--out", out, "--set", "data.path=inner/mine.npz")
    assert code == 0, errors  # as typed: from here
    assert ids(out) == before


def test_a_lock_finds_the_data_from_where_it_lies(suite, run_main, tmp_path):
    out = tmp_path / "some" / "out"
    assert run_main(suite, "--out", out)[0] == 0
    lock = out / "suite.lock.yaml"
    (run,) = load_suite(lock).runs
    assert run.config["data"]["path"] == "../../inner/mine.npz"
    code, output, errors = run_main(lock, "--out", out, "--dry-run")
    assert code == 0, errors
    assert "1 runs, 0 to compute" in output


def test_a_missing_file_names_the_folder_that_was_searched(suite, run_main, tmp_path):
    suite.write_text(suite.read_text().replace("mine.npz", "yours.npz"))
    code, _, errors = run_main(suite)
    assert code == 2
    assert f"yours.npz is missing in {tmp_path / 'inner'}" in "".join(errors.split("\n"))


def test_the_card_says_what_the_classes_are_called(suite, run_main, tmp_path):
    path = tmp_path / "inner" / "mine.npz"
    arrays = dict(np.load(path))
    names = np.array(["", "ant", "bee", "cat"])
    parts = {key: names[array + 1] for key, array in arrays.items() if key.startswith("y")}
    np.savez(path, **{**arrays, **parts})
    assert run_main(suite, "--out", tmp_path / "out")[0] == 0
    store = Store(tmp_path / "out")
    (record,) = (store.record_or_none(run) for run in read_records(store)["id"])
    assert record["class_names"] == ["ant", "bee", "cat"]
    assert card(read_records(store))["classes"].startswith("mine: ant, bee, cat")


def test_the_card_says_how_many_images_have_no_label(suite, run_main, tmp_path):
    assert run_main(suite, "--out", tmp_path / "out")[0] == 0
    lines = card(read_records(Store(tmp_path / "out")))
    assert lines["images without a label"].startswith("mine: 6 of training, 6 held out")
