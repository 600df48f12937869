import importlib
import sys

import pandas as pd
import pytest

from otlvm.harness.commands.table import main as draw_table
from otlvm.harness.commands.verify import main as verify
from otlvm.harness.comparison.repetitions import judge, read_rows, sample
from otlvm.harness.escapes.csv import to_csv
from otlvm.harness.execution.scheduler import StorageError
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import load_suite


def test_a_sample_has_as_many_labels_as_it_can(locked):
    suite, out = locked
    rows = read_rows(out / "runs.csv")
    suite = load_suite(out / "suite.lock.yaml")
    for seed in range(5):
        drawn = sample(suite, rows, 5, seed)
        assert len({run.label for run in drawn}) == 5
        assert drawn == sample(suite, rows, 5, seed)
    assert len(sample(suite, rows, 100, 0)) == len(sample(suite, rows, None, 0)) == 9
    del rows["VAE", 1]
    assert "VAE" not in {run.label for run in sample(suite, rows, None, 0)}


def test_rows_are_read_to_the_last_bit_with_labels_as_they_are(tmp_path):
    path = tmp_path / "runs.csv"
    labels = ["1", "None", "", "NA", "1e5", 'a, b\n"c"', "=1", "'=1", "a\rb"]
    numbers = [0.1 + 0.2, 1e-300, 1 / 3, 5e-324, 2 / 3, 123456789.12345679, 1.0, 2.0, 3.0]
    frame = pd.DataFrame({"label": labels, "seed": 2**32 - 1, "status": "done", "bce": numbers})
    frame.loc[len(labels)] = ["failed", 0, "failed", float("nan")]
    path.write_text(to_csv(frame.assign(accuracy=float("nan"))), encoding="utf-8")
    expected = zip(labels, numbers, strict=True)
    assert read_rows(path) == {(label, 2**32 - 1): {"bce": x} for label, x in expected}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no finished run"),
        ("label,seed\nVAE,1\n", "no column 'status'"),
        ("label,seed,status,bce\nVAE,1,done,low\n", "runs.csv:2: could not convert"),
        ("label,seed,status\nVAE,one,done\n", "runs.csv:2: invalid literal"),
        ("label,seed,status\nVAE,1,done\nVAE", "no finished run"),
        ('label,seed,status\n"VAE,1,done\n', "unexpected end of data"),
        ("\xff\xfe\x00", "decode"),
    ],
)
def test_what_is_no_table_of_runs_is_refused(write_suite, tmp_path, capsys, text, told):
    lock = "{written: now, device: cpu, code: [], data: [], environment: {}}"
    write_suite(f"baselines: [kmeans]\nlock: {lock}\n").rename(tmp_path / "suite.lock.yaml")
    (tmp_path / "runs.csv").write_bytes(text.encode("latin-1"))
    assert verify([str(tmp_path)]) == 2
    assert told in capsys.readouterr().err


BEFORE = {"accuracy": 0.5, "bce": 100.0, "fit_seconds": 3.0}


@pytest.mark.parametrize(
    ("metrics", "how"),
    [
        ({"accuracy": 0.5, "bce": 100.0, "fit_seconds": 9.0}, "equal"),
        ({"accuracy": 0.5, "bce": 100.0000001, "fit_seconds": 3.0}, "close"),
        ({"accuracy": 0.5, "bce": 100.1}, "differs"),
        ({"accuracy": 0.5}, "differs"),
        ({"accuracy": 0.5, "bce": 100.0, "nmi": 0.1}, "differs"),
    ],
)
def test_judgement(metrics, how):
    after = {"status": "done", "reason": None, "metrics": metrics}
    assert judge(BEFORE, after, 1e-6).how == how


@pytest.mark.parametrize("there", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_equals_nothing(there):
    after = {"status": "done", "reason": None, "metrics": {"accuracy": 0.5, "bce": 100.0}}
    verdict = judge({"bce": there, "accuracy": 0.5}, after, 1e-6)
    assert verdict.how == "differs"
    assert f"{there} there, 100.0 here" in verdict.text
    after["metrics"]["bce"] = there
    assert judge({"bce": there, "accuracy": 0.5}, after, 1e-6).how == "differs"


@pytest.mark.parametrize("before", [{}, {"fit_seconds": 3.0}])
def test_nothing_that_was_compared_is_no_equality(before):
    after = {"status": "done", "reason": None, "metrics": {"fit_seconds": 3.0}}
    verdict = judge(before, after, 1e-6)
    assert verdict.how == "nothing"
    assert verdict.text.startswith("nothing to compare: runs.csv has no number of it")


def test_a_table_without_numbers_verifies_nothing(locked, capsys, monkeypatch):
    _, out = locked
    rows = pd.read_csv(out / "runs.csv")
    rows[["label", "seed", "status"]].to_csv(out / "runs.csv", index=False)
    monkeypatch.setattr("otlvm.harness.execution.session.repeat", lambda *_: None)
    monkeypatch.setattr(
        Store,
        "record_or_none",
        lambda *_: {"status": "done", "reason": None, "metrics": {"accuracy": 0.5}},
    )
    assert verify([str(out), "--device", "cpu"]) == 1
    output = " ".join(capsys.readouterr().out.split())
    assert output.count("nothing to compare") == 3
    assert "0 of 3 runs came out the same" in output


def test_a_repetition_that_fails_differs():
    after = {"status": "failed", "reason": "OSError: x", "metrics": {}}
    assert judge(BEFORE, after, 1e-6).text == "failed: OSError: x"
    assert judge(BEFORE, None, 1e-6).how == "differs"


def test_verify(suite_of_nine, run_main, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("otlvm.harness.execution.side_by_side.cores", lambda: 2)
    out = tmp_path / "out"
    code, _, _ = run_main(suite_of_nine, "--out", out, "--threads", "1", "--jobs", "1")
    assert code == 0
    assert verify([str(out), "--runs", "2", "--device", "cpu"]) == 0
    output = capsys.readouterr().out
    assert output.count("equal to the last bit") == 2
    assert "2 of 2 runs came out the same" in output
    rows = pd.read_csv(out / "runs.csv")
    rows.loc[4, "accuracy"] = 0.001
    rows.to_csv(out / "runs.csv", index=False)
    assert verify([str(out), "--all", "--device", "cpu"]) == 1
    output = capsys.readouterr().out
    assert "accuracy: 0.001 there" in output
    assert "8 of 9 runs came out the same" in output


def test_verify_needs_a_lock_and_the_runs(locked, capsys, tmp_path):
    _, out = locked
    assert verify([str(tmp_path / "nowhere")]) == 2
    assert "suite.lock.yaml" in capsys.readouterr().err
    (out / "runs.csv").unlink()
    assert verify([str(out)]) == 2
    assert "runs.csv" in capsys.readouterr().err
    assert draw_table([str(out)]) == 0
    (out / "runs.csv").write_text("label,seed,status\nVAE,1,failed\n")
    assert verify([str(out)]) == 2
    assert "no finished run" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("option", ["--runs=0", "--runs=-1", "--threads=0", "--tolerance=nan"])
def test_verify_refuses_numbers_that_mean_nothing(tmp_path, capsys, option):
    assert verify([str(tmp_path), option]) == 2
    assert f"{option.replace('=', ' ')}: expected" in capsys.readouterr().err


def test_verify_finds_plug_ins_beside_the_lock(write_suite, run_main, capsys, tmp_path):
    (tmp_path / "mine_too.py").write_text(
        "from otlvm.divergences import SampleDivergence\n\n"
        "class Means(SampleDivergence):\n"
        "    def between(self, x, a, y, b):\n"
        "        return (a @ x - b @ y).square().sum()\n"
    )
    rows = 'runs: [{label: "1", objective: {name: wae, divergence: "mine_too:Means"}}]\n'
    assert run_main(write_suite(rows), "--threads", "1", "--jobs", "1")[0] == 0
    (tmp_path / "mine_too.py").rename(tmp_path / "runs/tiny/mine_too.py")
    del sys.modules["mine_too"]
    sys.path.remove(str(tmp_path))
    importlib.invalidate_caches()
    assert verify(["runs/tiny", "--device", "cpu"]) == 0
    assert "equal to the last bit" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (StorageError("No space left on device"), 4, "No space left on device"),
    ],
)
def test_a_verification_that_is_stopped_says_so(locked, monkeypatch, capsys, error, code, told):
    def stop(self, tasks):
        raise error

    monkeypatch.setattr("otlvm.harness.execution.scheduler.Scheduler.run", stop)
    assert verify([str(locked[1]), "--runs", "1", "--device", "cpu"]) == code
    assert told in capsys.readouterr().err
