"""Folders of any name, which URIs must not misread."""

import re
import shutil
import time

import pytest

from otlvm.harness.trackers.mlflow import MLflow
from otlvm.harness.trackers.mlflow_uri import check_uri, database_of, database_uri, in_any_folder
from otlvm.harness.trackers.process import TrackerProcess
from tests.harness.trackers.mlflow_client import read_mlflow

ODD = "a?b=c&d %20 100% #e ü 'x' +[1]"
ROW = {"W/AE": [{"metrics": {"accuracy": 0.5}}]}


def log_all(spec, store, name="tiny"):
    """Log all runs of a store and its tables in the process where trackers work."""
    tracker = TrackerProcess(spec["name"], spec, store, name)
    try:
        for cell in store.manifest()["runs"]:
            tracker.put((cell["label"], cell["id"]))
        tracker.put(None)
        end = time.monotonic() + 600
        while tracker.left():
            tracker.pump()
            assert time.monotonic() < end
            time.sleep(0.02)
    finally:
        tracker.kill()


@pytest.fixture
def store(write_study, monkeypatch):
    monkeypatch.setattr("otlvm.harness.trackers.process.PATIENCE_SECONDS", 600)  # a busy machine
    study = write_study(ROW, name=f"{ODD}/out")
    (study.root / "table.md").write_text("| a table |")
    return study


def check_logged(runs):
    assert set(runs) == {"W/AE seed 0", "tables and figures"}
    (run,) = runs["W/AE seed 0"]
    assert (run["status"], run["metrics"]) == ("FINISHED", {"accuracy": 0.5})
    assert "record.json" in run["files"]
    assert runs["tables and figures"][0]["files"] == ["table.md"]


def test_mlflow_logs_into_the_folder_and_nowhere_else(store, tmp_path):
    pytest.importorskip("mlflow", reason="pip install 'otlvm[trackers]'")
    log_all({"name": "mlflow"}, store)
    check_logged(read_mlflow(database_uri(store.root / "mlflow.db"), "tiny"))
    assert {path.name for path in tmp_path.iterdir()} == {ODD}
    assert {path.name for path in (tmp_path / ODD).iterdir()} == {"out"}
    assert {"mlflow.db", "mlflow-artifacts"} <= {path.name for path in store.root.iterdir()}
    # as the docs tell users to look at it: from within
    check_logged(read_mlflow("sqlite:///mlflow.db", "tiny", cwd=store.root))


def test_mlflow_finds_the_database_that_a_suite_names(store, tmp_path, empty_mlflow):
    folder = "with space ü #1"
    (tmp_path / folder).mkdir()
    shutil.copy(empty_mlflow, tmp_path / folder / "all.db")
    uri = f"sqlite:///{tmp_path}/{folder}/all.db?timeout=9"
    log_all({"name": "mlflow", "uri": uri}, store)
    check_logged(read_mlflow(uri, "tiny"))
    assert {path.name for path in tmp_path.iterdir()} == {ODD, folder}
    inside = {path.name for path in (tmp_path / folder).iterdir()}
    assert inside == {"all.db", "mlflow-artifacts"}


def test_tensorboard_logs_into_the_folder_and_nowhere_else(store, tmp_path):
    pytest.importorskip("tensorboard", reason="pip install 'otlvm[trackers]'")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log_all({"name": "tensorboard"}, store)
    run = EventAccumulator(str(store.root / "tensorboard/W%2fAE seed 0")).Reload()
    assert [point.value for point in run.Scalars("metrics/accuracy")] == [0.5]
    assert {path.name for path in tmp_path.iterdir()} == {ODD}
    assert {path.name for path in (tmp_path / ODD).iterdir()} == {"out"}


def test_uris_and_paths_are_two_spellings_of_one_place(tmp_path, monkeypatch):
    pytest.importorskip("sqlalchemy", reason="pip install 'otlvm[trackers]'")
    monkeypatch.chdir(tmp_path)
    path = tmp_path / ODD / "all.db"
    assert database_of(database_uri(path)) == path
    assert in_any_folder(database_uri(path)) == database_uri(path)
    here = tmp_path / "all.db"
    for uri in ("sqlite:///all.db", f"sqlite+pysqlite:///{here}", f"sqlite:///{here}?timeout=5"):
        assert database_of(uri) == here
        assert database_of(in_any_folder(uri)) == here
    assert "timeout=5" in in_any_folder("sqlite:///all.db?timeout=5")
    assert database_of(f"sqlite:///file:{here}?uri=true&cache=shared") == here
    elsewhere = ("http://host:5000/a%20b?c#d", "sqlite://", "sqlite:///:memory:", "mysql://u@h/db")
    for uri in elsewhere:
        assert database_of(uri) is None
        assert in_any_folder(uri) == uri


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("server", "is not a URI"),
        ("sqlite:////data/what?/all.db", "names the database '/data/what'"),
        ("sqlite:////data/what?x=1/all.db", "names the database '/data/what'"),
        ("file:///data/what?/runs", "'?' as %3F"),
        ("file:///data/no#1/runs", "'#' as %23"),
    ],
)
def test_a_uri_that_means_another_place_is_refused(tmp_path, uri, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        MLflow(tmp_path, "tiny", uri=uri)
    for fine in ("http://host/a?b#c", "sqlite:////data/no#1/all.db?timeout=5", "file:///a%3Fb"):
        check_uri(fine)
