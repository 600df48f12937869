import json
import re
import shutil

import pytest

from otlvm.harness.commands import status
from otlvm.harness.messages import show_duration
from otlvm.harness.planning.state import State, seconds_left
from otlvm.harness.speed.harness import measure_harness
from otlvm.harness.store.record import run_id

ROWS = """\
seeds: [0, 1]
runs:
  - {label: WAE, objective: {name: wae, weight: 1, divergence: imq_mmd}}
  - {label: VAE, objective: vae}
baselines: [kmeans]
"""
FLAKY = """\
from pathlib import Path

from otlvm.divergences import SampleDivergence


class Flaky(SampleDivergence):
    def between(self, x, a, y, b):
        if not Path("repaired").exists():
            raise ArithmeticError("not today")
        return (a @ x - b @ y).square().sum()
"""


def records(out):
    found = [json.loads(path.read_text()) for path in out.glob("runs/*/record.json")]
    return {(record["label"], record["seed"]): record for record in found}


def times(out):
    return {path.parent.name: path.stat().st_mtime_ns for path in out.glob("runs/*/record.json")}


@pytest.fixture
def trained(run_main, write_suite, tmp_path):
    suite, out = write_suite(ROWS), tmp_path / "out"
    assert run_main(suite, "--out", out)[0] == 0
    return suite, out


@pytest.mark.parametrize(
    ("what", "changed"), [("all", 6), ("kmeans", 2), ("?AE", 4), ("failed", 0)]
)
def test_rerun(trained, run_main, what, changed):
    suite, out = trained
    before, metrics = times(out), {key: r["metrics"] for key, r in records(out).items()}
    code, _, errors = run_main(suite, "--out", out, "--rerun", what)
    assert code == 0
    assert errors.count("kept") == 6 - changed
    assert sum(before[run] != time for run, time in times(out).items()) == changed
    for key, record in records(out).items():
        assert record["metrics"]["accuracy"] == metrics[key]["accuracy"]


def test_a_mistyped_row_is_refused(trained, run_main):
    suite, out = trained
    before = times(out)
    code, _, errors = run_main(suite, "--out", out, "--rerun", "kmean")
    assert code == 2
    assert "--rerun kmean: no row is 'kmean' (did you mean 'kmeans'?)" in errors
    assert times(out) == before


def test_failed_runs_are_computed_again_only_when_asked(run_main, write_suite, tmp_path):
    (tmp_path / "flaky.py").write_text(FLAKY)
    row = "runs:\n  - {label: flaky, objective: {name: wae, divergence: {name: 'flaky:Flaky'}}}\n"
    suite, out = write_suite(row), tmp_path / "out"
    assert run_main(suite, "--out", out)[0] == 3
    (tmp_path / "repaired").touch()
    assert run_main(suite, "--out", out)[0] == 3
    plan = run_main(suite, "--out", out, "--dry-run", "--rerun", "failed")[1]
    assert "\nfailed, run again  " in plan
    assert "(ArithmeticError: not today)" in plan
    assert "1 runs, 1 to compute" in plan
    assert run_main(suite, "--out", out, "--rerun", "failed")[0] == 0
    assert records(out)["flaky", 0]["status"] == "done"


def test_shards_share_the_runs_out(run_main, write_suite, tmp_path):
    suite, out = write_suite(ROWS), tmp_path / "out"
    for index in (1, 2, 3, 4):
        code, _, _ = run_main(suite, "--out", out, "--shard", f"{index}/4")
        assert code == 0
        assert len(records(out)) == {1: 2, 2: 4, 3: 5, 4: 6}[index]
    manifest = json.loads((out / "suite.json").read_text())
    assert [(cell["label"], cell["seed"]) for cell in manifest["runs"]] == [
        (label, seed) for label in ("WAE", "VAE", "kmeans") for seed in (0, 1)
    ]
    code, _, errors = run_main(suite, "--out", out)
    assert (code, errors.count("kept")) == (0, 6)


def test_a_foreign_result_is_refused_with_the_difference(trained, run_main):
    suite, out = trained
    run = records(out)["VAE", 0]["id"]
    other = records(out)["VAE", 1]["id"]
    (out / "runs" / run / "record.json").write_bytes(
        (out / "runs" / other / "record.json").read_bytes()
    )
    before = times(out)
    code, output, errors = run_main(suite, "--out", out)
    assert (code, output) == (2, "")
    assert "holds another run's result" in " ".join(errors.split())
    assert "seed: 1 there, 0 expected" in errors
    assert "Move that folder away" in errors
    assert times(out) == before


def test_times_measured_alone_replace_those_measured_side_by_side(run_main, write_suite, tmp_path):
    suite, out = write_suite(ROWS), tmp_path / "out"
    code, output, _ = run_main(suite, "--out", out, "--jobs", "2", "--threads", "1")
    assert code == 0
    # The last one is alone if the two before it end together.
    shared = [key for key, record in records(out).items() if record["side_by_side"] == 2]
    assert len(shared) >= 5
    assert "∥" in output
    code, output, errors = run_main(
        suite, "--out", out, "--jobs", "2", "--threads", "1", "--serial-timing"
    )
    assert code == 0
    assert f"timing {len(shared)} runs alone" in errors
    assert "∥" not in output
    alone = records(out / "timings")
    assert {record["side_by_side"] for record in alone.values()} == {1}
    assert sorted(alone) == sorted(shared)
    for key in shared:
        assert alone[key]["metrics"]["accuracy"] == records(out)[key]["metrics"]["accuracy"]
    errors = run_main(suite, "--out", out, "--jobs", "2", "--serial-timing")[2]
    assert "timing" not in errors


# status and estimates


def test_status(trained, capsys):
    _, out = trained
    path = out / "runs" / records(out)["WAE", 1]["id"]
    path.rename(out / "gone")
    (out / "work" / path.name).mkdir()
    (out / "work" / path.name / "checkpoint").touch()
    (out / "work" / path.name / "progress.json").write_text('{"step": 2, "steps": 4}')
    capsys.readouterr()
    assert status.main([str(out)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^interrupted +WAE +1 +step 2 of 4 *$", shown, re.MULTILINE)
    assert len(re.findall(r"^done +(WAE|VAE|kmeans) ", shown, re.MULTILINE)) == 5
    assert re.search(r"^tiny: 5 done, 1 interrupted; about \d+ s left$", shown, re.MULTILINE)


def test_status_of_no_store(tmp_path, capsys):
    assert status.main([str(tmp_path)]) == 2
    assert "holds no results" in " ".join(capsys.readouterr().err.split())


def test_of_many_runs_status_lists_what_is_not_usual(trained, capsys, monkeypatch):
    _, out = trained
    runs = {key: out / "runs" / record["id"] for key, record in records(out).items()}
    shutil.rmtree(runs["WAE", 0])
    (runs["VAE", 1] / "record.json").write_text("{")
    monkeypatch.setattr(status, "MOST_LISTED", 5)
    capsys.readouterr()
    assert status.main([str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert re.search(r"^damaged +VAE +1 ", lines[1])
    assert not [line for line in lines if line.startswith(("done", "to do"))]
    assert lines[-2] == "5 runs are counted, not listed"
    assert re.fullmatch(r"tiny: 1 to do, 4 done, 1 damaged; about \d+ s left", lines[-1])


def test_of_many_runs_a_dry_run_lists_what_is_not_usual(trained, run_main, monkeypatch):
    suite, out = trained
    monkeypatch.setattr("otlvm.harness.execution.session.MOST_LISTED", 5)
    code, _, errors = run_main(suite, "--out", out)
    assert (code, errors.strip()) == (0, "6 runs that are done are kept")
    (out / "runs" / records(out)["VAE", 1]["id"] / "record.json").write_text("{")
    monkeypatch.setattr("otlvm.harness.commands.dry_run.MOST_LISTED", 5)
    code, output, _ = run_main(suite, "--out", out, "--dry-run")
    assert code == 0
    listed = re.findall(r"^(\w.*?)  \w{16}  (.*), seed (\d)", output, re.MULTILINE)
    assert listed == [("damaged", "VAE", "1")]
    assert "\n5 runs are counted, not listed\n6 runs, 1 to compute" in output


def test_estimates():
    finished = [("a", 10.0), ("b", 40.0)]
    assert seconds_left(finished, [("a", 1.0)], 1) == 10
    assert seconds_left(finished, [("a", 0.5), ("c", 1.0)], 2) == (5 + 25) / 2
    assert seconds_left([], [("a", 1.0)], 1) is None
    taken = {"wall_seconds": 10.0}
    states = State("done", taken), State("failed", taken), State("done", {"wall_seconds": None})
    assert [state.seconds for state in states] == [10, None, 0]
    assert State("to do").seconds is None
    assert [show_duration(s) for s in (5.2, 60, 3725)] == ["5 s", "1 min 00 s", "1 h 02 min"]


def test_many_runs_are_planned_and_shown():
    from rich.console import Console

    frame = measure_harness(Console(), rows=15, seeds=2)
    assert list(frame["runs"]) == [30] * 4
    assert (frame["seconds"] > 0).all()


def test_the_id_is_a_hash_of_the_content():
    identity = {"config": {"a": 1, "b": 2}, "seed": 0, "data_checksum": "d", "code": "c"}
    assert run_id(identity) == run_id({**identity, "config": {"b": 2, "a": 1}, "label": "x"})
    assert run_id(identity) != run_id({**identity, "config": {"a": 1, "b": 3}})
