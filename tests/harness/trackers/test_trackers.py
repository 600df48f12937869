import json
import os
import re
import socket
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from otlvm.harness.suite.load import load_suite
from otlvm.harness.trackers.logged import LoggedRun
from otlvm.harness.trackers.tensorboard import folder_name
from tests.harness.trackers.mlflow_client import read_mlflow
from tests.support import COSTS, blocks, records

ROWS = """\
seeds: [3]
runs:
  - {label: "W/AE", objective: {name: wae, divergence: imq_mmd}}
baselines: [kmeans]
"""
BROKEN = '  - {label: broken, objective: {name: wae, divergence: "own:Broken"}}\n'
OWN = """\
import os
import time
from pathlib import Path

from otlvm.harness.trackers import LoggedRun, LoggedSuite, Tracker
from otlvm.divergences import SampleDivergence


class Broken(SampleDivergence):
    def between(self, x, a, y, b):
        raise ArithmeticError("not today")


class Lines(Tracker):
    def __init__(self, root, suite, file: str = "lines.txt"):
        super().__init__(root, suite)
        self.file = root / file

    def log_run(self, run: LoggedRun):
        with self.file.open("a") as file:
            print(self.suite, run.name, run.record["status"], file=file)

    def log_suite(self, suite: LoggedSuite):
        with self.file.open("a") as file:
            print(*(path.name for path in suite.files), file=file)


class Raises(Lines):
    def log_run(self, run):
        raise OSError(28, "No space left on device")


class Hangs(Lines):
    def log_run(self, run):
        time.sleep(1000)


class Dies(Lines):
    def log_run(self, run):
        os._exit(0)
"""


@pytest.fixture
def own(tmp_path):
    """Write trackers, and a divergence that raises, beside the suite."""
    (tmp_path / "own.py").write_text(OWN)


def measured(out):
    """What was measured, without what it cost."""
    return {
        cell: {key: value for key, value in record["metrics"].items() if key not in COSTS}
        for cell, record in records(out).items()
    }


def test_both_trackers_log_what_the_records_hold(own, run_main, write_suite, tmp_path, monkeypatch):
    monkeypatch.setattr("otlvm.harness.trackers.process.PATIENCE_SECONDS", 600)  # a busy machine
    monkeypatch.setattr("otlvm.harness.trackers.tracking.WAIT_SECONDS", 600)
    pytest.importorskip("mlflow", reason="pip install 'otlvm[trackers]'")
    pytest.importorskip("tensorboard", reason="pip install 'otlvm[trackers]'")
    out, suite = tmp_path / "out", write_suite(ROWS.replace("base", BROKEN + "base"))
    both = ("--set", "track=[tensorboard, mlflow]")
    code, _, errors = run_main(suite, "--out", out, *both)
    assert code == 1  # one is broken
    assert "tracker" not in errors
    kept, uri = records(out), f"sqlite:///{out / 'mlflow.db'}"
    logged = read_mlflow(uri, "tiny", reopen="kmeans seed 3")
    check_mlflow(logged, kept, out)
    check_tensorboard(out, kept)

    # once more: nothing twice, but what was computed again, or left half logged
    code, _, errors = run_main(suite, "--out", out, *both, "--rerun", "broken")
    assert code == 1
    assert "tracker" not in errors
    after = read_mlflow(uri, "tiny")
    assert {name: len(runs) for name, runs in after.items()} == {
        **{"W/AE seed 3": 1, "kmeans seed 3": 1, "broken seed 3": 2, "tables and figures": 1}
    }
    for name in ("W/AE seed 3", "tables and figures"):
        assert after[name][0]["id"] == logged[name][0]["id"]
    assert after["kmeans seed 3"][0]["id"] != logged["kmeans seed 3"][0]["id"]
    assert after["kmeans seed 3"][0]["status"] == "FINISHED"
    check_tensorboard(out, records(out))


def check_mlflow(logged, kept, out):
    run = logged["W/AE seed 3"][0]
    record = kept["W/AE", 3]
    assert (run["status"], run["label"]) == ("FINISHED", "W/AE")
    assert run["params"]["objective.divergence"] == "imq_mmd"
    assert (run["params"]["train.steps"], run["params"]["seed"]) == ("4", "3")
    final = {key: v for key, v in run["metrics"].items() if not key.startswith("curves/")}
    assert final == record["metrics"]
    curves = (
        pd.read_csv(out / "runs" / record["id"] / "curves.csv", dtype=str)
        .astype(float)
        .set_index("step")
    )
    assert set(run["curves"]) == {f"curves/{name}" for name in curves}
    for name, column in curves.items():
        assert dict(run["curves"][f"curves/{name}"]) == column.to_dict()
    assert {"record.json", "curves.csv", "pictures"} <= set(run["files"])
    assert "pictures/components.png" in run["pictures"]
    assert abs(run["seconds"] - record["wall_seconds"]) < 2  # the record's times are whole seconds
    assert logged["broken seed 3"][0]["status"] == "FAILED"
    assert logged["kmeans seed 3"][0]["metrics"] == kept["kmeans", 3]["metrics"]
    assert {"table.md", "report.html", "curves.png"} <= set(
        logged["tables and figures"][0]["files"]
    )


def check_tensorboard(out, kept):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    assert {path.name for path in (out / "tensorboard").iterdir()} == {
        *("W%2fAE seed 3", "kmeans seed 3", "broken seed 3", "tables and figures")
    }
    events = {}
    for path in (out / "tensorboard").iterdir():
        events[path.name] = EventAccumulator(str(path)).Reload()
    run, record = events["W%2fAE seed 3"], kept["W/AE", 3]
    curves = pd.read_csv(out / "runs" / record["id"] / "curves.csv", dtype=str).astype(float)
    for name in set(curves) - {"step"}:
        points = run.Scalars(f"curves/{name}")
        assert [point.step for point in points] == list(curves["step"])
        np.testing.assert_allclose([point.value for point in points], curves[name], rtol=1e-6)
    for name, value in record["metrics"].items():
        (point,) = run.Scalars(f"metrics/{name}")
        assert point.value == pytest.approx(value, rel=1e-6)
    assert "pictures/components" in run.Tags()["images"]
    assert "_hparams_/session_start_info" in run.summary_metadata
    assert "figures/curves" in events["tables and figures"].Tags()["images"]
    (failure,) = events["broken seed 3"].Tensors("failure/text_summary")
    assert b"not today" in failure.tensor_proto.string_val[0]
    mark = json.loads((out / "tensorboard/broken seed 3/otlvm.json").read_text())
    assert mark["digest"] == kept["broken", 3]["digest"]


def test_a_tracker_that_is_down_costs_a_warning(own, run_main, write_suite, tmp_path, monkeypatch):
    down = '[{name: "own:Lines", file: no/folder.txt}, "own:Hangs", "own:Raises", "own:Dies"]'
    suite = write_suite(ROWS + f"track: {down}\n")
    off = run_main(suite, "--out", tmp_path / "off", "--set", "track=[]")
    monkeypatch.setattr("otlvm.harness.trackers.process.PATIENCE_SECONDS", 4)
    on = run_main(suite, "--out", tmp_path / "on")
    assert (off[0], on[0]) == (0, 0)
    assert "tracker" not in off[2]
    assert not (tmp_path / "off/trackers").exists()
    causes = dict(re.findall(r"tracker (\S+) is off: (.*)", on[2]))
    assert len(re.findall("tracker .* is off", on[2])) == 4
    assert "FileNotFoundError" in causes["own:Lines"]
    assert causes["own:Hangs"] == "it did not answer for 4 s"
    assert causes["own:Raises"] == "OSError: [Errno 28] No space left on device"
    assert causes["own:Dies"] == "its process has ended"
    assert "Traceback" in (tmp_path / "on/trackers/own_Raises.log").read_text()
    assert measured(tmp_path / "on") == measured(tmp_path / "off")
    ids = [{r["id"] for r in records(tmp_path / name).values()} for name in ("on", "off")]
    assert ids[0] == ids[1]
    assert "track" not in (tmp_path / "on/suite.lock.yaml").read_text()


def test_a_tracker_of_ones_own_in_processes(own, run_main, write_suite, tmp_path):
    (of_docs,) = blocks("docs/tracking.md", "python")
    (tmp_path / "my_module.py").write_text(of_docs)
    track = '[{name: "own:Lines", file: own.txt}, "my_module:Lines"]'
    suite = write_suite(ROWS.replace("[3]", "[3, 4]") + f"track: {track}\n")
    assert run_main(suite, "--out", tmp_path / "out", "--only", "kmeans", "--jobs", "1")[0] == 0
    accuracies = [r["metrics"]["accuracy"] for r in records(tmp_path / "out").values()]
    of_docs = (tmp_path / "out/lines.txt").read_text().splitlines()
    assert of_docs == [f"kmeans seed {seed} {accuracies[seed - 3]}" for seed in (3, 4)]
    runs = [f"tiny kmeans seed {seed} done" for seed in (3, 4)]
    lines = (tmp_path / "out/own.txt").read_text().splitlines()
    assert lines[:2] == runs
    assert {"table.md", "table.csv", "report.html", "suite.lock.yaml"} <= set(lines[2].split())
    assert len(lines) == 3
    # runs that are kept are told too, for a tracker that was down or is new
    assert run_main(suite, "--out", tmp_path / "out", "--only", "kmeans")[0] == 0
    assert (tmp_path / "out/own.txt").read_text().splitlines()[3:5] == runs


def test_the_wait_for_a_tracker_ends(own, run_main, write_suite, tmp_path, monkeypatch):
    suite = write_suite(ROWS + 'track: ["own:Hangs"]\n')
    monkeypatch.setattr("otlvm.harness.trackers.tracking.WAIT_SECONDS", 0.5)
    code, _, errors = run_main(suite, "--out", tmp_path / "out", "--only", "kmeans")
    assert code == 0
    assert "tracker own:Hangs is off: 2 not logged after 0.5 s" in errors


@pytest.mark.faults
def test_mlflow_servers_that_refuse_and_that_never_answer(write_suite, tmp_path):
    pytest.importorskip("mlflow", reason="pip install 'otlvm[trackers]'")
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens
        ports = [each.getsockname()[1] for each in (closed, silent)]
        specs = [f"{{name: mlflow, uri: 'http://127.0.0.1:{port}'}}" for port in ports]
        suite = write_suite(ROWS + f"track: [{', '.join(specs)}]\n")
        command = [
            sys.executable,
            "-m",
            "benchmarks.run",
            suite,
            "--out",
            tmp_path / "out",
        ]
        environment = {**os.environ, "MLFLOW_HTTP_REQUEST_TIMEOUT": "1"}
        done = subprocess.run(
            [*map(str, command), "--threads", "1"],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            env=environment,
        )
    assert done.returncode == 0, done.stderr
    causes = dict(re.findall(r"tracker mlflow uri=\S+:(\d+) is off: (.*)", done.stderr))
    assert len(records(tmp_path / "out")) == 2
    assert "refused" in causes[str(ports[0])]
    assert "timed out" in causes[str(ports[1])]


def test_folders_of_labels():
    def name(label, run_id="0123456789abcdef"):
        return folder_name(LoggedRun(label, {"seed": 7, "id": run_id}, None, {}))

    assert name("GM-WAE (IMQ), β=1") == "GM-WAE (IMQ), β=1 seed 7"
    assert len({name("a/b"), name("a%2fb"), name("a\\b"), name("ab")}) == 4
    assert "/" not in name("../..")
    long = name("ß" * 300)
    assert len(long.encode()) <= 255
    assert long != name("ß" * 300, "fedcba9876543210")


def test_the_docs_show_a_suite(write_suite):
    (section,) = blocks("docs/tracking.md", "yaml")
    suite = load_suite(write_suite("baselines: [kmeans]\n" + section))
    assert [spec["name"] for spec in suite.track[1:]] == ["mlflow"]
    assert suite.track[0] == "tensorboard"
