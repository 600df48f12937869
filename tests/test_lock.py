import importlib
import os
import sys
from importlib.metadata import version

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from benchmarks.card import card
from benchmarks.resolve import resolve
from benchmarks.scheduler import StorageError
from benchmarks.store import Store
from benchmarks.suite import load_suite
from benchmarks.table import main as draw_table
from benchmarks.tables import read_records
from benchmarks.verify import judge, read_rows, sample
from benchmarks.verify import main as verify
from benchmarks.yaml_file import SuiteError, dump, parse

ROWS = """\
seeds: [0, 3]
runs:
  - {label: "WAE {divergence}", objective: {name: wae},
     grid: {objective.divergence: [imq_mmd, {name: energy, on: joint}]}}
  - {label: VAE, objective: vae, train: {steps: 2}, seeds: [1]}
baselines: [kmeans, {name: kmeans, n_init: 2}]
table: {metrics: [accuracy, bce]}
published: [VaDE]
"""

TORCH = version("torch")

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=60)  # the machine may be busy
@example({"\x85": "a\u2028b"})
@given(plain)
def test_yaml_reads_back_what_it_writes(value):
    assert parse(dump(value)) == value


@pytest.mark.parametrize("word", ["1e-3", "on", "yes", "0x10", "null", "1_000", "2001-01-01", "~"])
def test_words_that_look_like_something_else_stay_words(word):
    assert parse(dump({"key": word})) == {"key": word}
    assert "!!" not in dump({"key": word})


@pytest.fixture
def locked(write_suite, run_main, tmp_path):
    suite = write_suite(ROWS)
    code, _, _ = run_main(suite, "--out", tmp_path / "out", "--threads", "1")
    assert code == 0
    return suite, tmp_path / "out"


def ids(suite):
    return [(job.label, job.seed, job.id) for job in resolve(suite, suite.runs)]


def test_a_lock_expands_to_the_same_runs(locked):
    suite, out = locked
    before, after = load_suite(suite), load_suite(out / "suite.lock.yaml")
    assert ids(after) == ids(before)
    assert after.name == "tiny"
    assert after.table == before.table
    assert after.published == before.published
    assert after.lock.environment["torch"] == TORCH
    assert (after.lock.threads, after.lock.device) == (1, "cpu")


def test_a_lock_of_several_data_sets(write_suite, run_main, tmp_path):
    suite = write_suite(
        "grid: {data: [digits, {name: digits, test_fraction: 0.3}]}\nbaselines: [kmeans]\n"
    )
    if run_main(suite, "--out", tmp_path / "out")[0] != 0:
        pytest.fail("the suite did not run")
    again = load_suite(tmp_path / "out/suite.lock.yaml")
    assert ids(again) == ids(load_suite(suite))
    assert len({label for label, _, _ in ids(again)}) == 2


def test_a_lock_keeps_braces_in_labels(write_suite, run_main, tmp_path):
    suite = write_suite(
        "baselines: [{name: kmeans, n_init: 2}]\n"
        "runs:\n"
        "  - {label: 'K {baseline}, {{x}} {{', baseline: kmeans, grid: {baseline: [kmeans]}}\n"
        "  - {label: 'p {start} }}', objective: vae, grid: {train.start: [prior]}}\n"
    )
    assert run_main(suite, "--out", tmp_path / "out", "--only", "kmeans*")[0] == 0
    again = ids(load_suite(tmp_path / "out/suite.lock.yaml"))
    assert again == ids(load_suite(suite))
    labels = {label for label, _, _ in again}
    assert {"K kmeans, {x} {", "p prior }"} < labels


def test_a_lock_says_what_kept_runs_ran_with(locked, run_main, monkeypatch):
    suite, out = locked
    before = parse((out / "suite.lock.yaml").read_text())["lock"]
    monkeypatch.setattr("benchmarks.command.environment", lambda device: {"torch": "1.0"})
    suite.write_text(suite.read_text().replace("metrics: [accuracy, bce]", "order: label"))
    assert run_main(suite, "--out", out, "--threads", "2")[0] == 0
    content = parse((out / "suite.lock.yaml").read_text())
    assert content["table"] == {"order": "label"}
    assert {**content["lock"], "written": ""} == {**before, "written": ""}
    assert run_main(suite, "--out", out, "--threads", "2", "--rerun", "all")[0] == 0
    after = load_suite(out / "suite.lock.yaml").lock
    assert (after.threads, after.environment) == (2, {"torch": "1.0"})


def test_data_of_one_content_are_all_locked(write_suite, run_main, tmp_path):
    grid = "grid: {data: [digits, {name: digits, test_fraction: 0.2}]}\n"
    run_main(write_suite(grid + "baselines: [kmeans]\n"), "--out", tmp_path / "out")
    lock = load_suite(tmp_path / "out/suite.lock.yaml").lock
    assert [item.data for item in lock.data] == [
        {"name": "digits"},
        {"name": "digits", "test_fraction": 0.2},
    ]
    assert len({item.checksum for item in lock.data}) == 1


def test_data_that_were_not_locked_are_said(locked, run_main):
    lock = locked[1] / "suite.lock.yaml"
    other = ("--set", "data.test_fraction=0.4", "--dry-run", "--out", "new")
    code, _, errors = run_main(lock, *other)
    assert code == 0
    assert "the data {'name': 'digits', 'test_fraction': 0.4} were not locked" in errors


def test_a_locked_suite_recomputes_nothing(locked, run_main):
    _, out = locked
    records = {path: path.read_bytes() for path in out.glob("runs/*/record.json")}
    code, _, errors = run_main(out / "suite.lock.yaml", "--out", out)
    assert code == 0, errors
    assert {path: path.read_bytes() for path in out.glob("runs/*/record.json")} == records
    assert "there, " not in errors


def change(path, edit):
    content = parse(path.read_text())
    edit(content["lock"])
    path.write_text(dump(content))


def test_another_version_is_said_and_other_data_are_refused(locked, run_main):
    _, out = locked
    lock = out / "suite.lock.yaml"
    change(lock, lambda part: part["environment"].update(torch="1.0"))
    code, _, errors = run_main(lock, "--out", out, "--dry-run")
    assert code == 0
    assert f"torch: 1.0 there, {TORCH} here" in errors
    change(lock, lambda part: part.update(code=["0" * 64]))
    assert "the code that decides results" in run_main(lock, "--out", out, "--dry-run")[2]
    change(lock, lambda part: part["data"][0].update(checksum="0" * 64))
    code, _, errors = run_main(lock, "--out", out, "--dry-run")
    assert code == 2
    assert "are not those that it was locked with" in " ".join(errors.split())


def test_only_some_rows_lock_the_whole_suite(write_suite, run_main, tmp_path):
    suite = write_suite(ROWS)
    assert run_main(suite, "--out", tmp_path / "out", "--only", "kmeans")[0] == 0
    assert ids(load_suite(tmp_path / "out/suite.lock.yaml")) == ids(load_suite(suite))


def test_the_card_says_what_the_records_say(locked):
    _, out = locked
    lines = card(read_records(Store(out)))
    assert lines["torch"] == TORCH
    assert lines["cores"] == str(os.cpu_count())
    assert lines["threads of each run"] == "1"
    assert lines["seeds"] == "0, 1, 3"
    assert lines["runs"] == "9 done"
    checksum = read_records(Store(out))["data_checksum"][0]
    assert lines["data (SHA-256)"] == f"digits: {checksum[:16]}"
    text = (out / "card.md").read_text()
    assert f"- torch: {TORCH}\n" in text


def test_the_card_of_runs_that_differ(commit):
    lines = card(read_records(commit({"a": [{"accuracy": 0.5}, ("failed", "x")]})))
    assert lines["runs"] == "1 done, 1 failed"


def test_the_card_counts_what_differs(write_study):
    study = {"a": [{"environment": {"torch": v}} for v in ("1.0", "2.0", "2.0")]}
    lines = card(read_records(write_study(study)))
    assert lines["torch"] == "1.0 (1 run), 2.0 (2 runs)"


def test_the_card_of_runs_without_records(commit):
    lines = card(read_records(commit({"a": [None, None]})))
    assert (lines["runs"], lines["seeds"]) == ("2 missing", "0, 1")


# verify


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
    labels = ["1", "None", "", "NA", "1e5", 'a, b\n"c"']
    numbers = [0.1 + 0.2, 1e-300, 1 / 3, 5e-324, 2 / 3, 123456789.12345679]
    frame = pd.DataFrame({"label": labels, "seed": 2**32 - 1, "status": "done", "bce": numbers})
    frame.loc[6] = ["failed", 0, "failed", float("nan")]
    frame.assign(accuracy=float("nan")).to_csv(path, index=False)
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


def test_a_repetition_that_fails_differs():
    after = {"status": "failed", "reason": "OSError: x", "metrics": {}}
    assert judge(BEFORE, after, 1e-6).text == "failed: OSError: x"
    assert judge(BEFORE, None, 1e-6).how == "differs"


def test_verify(write_suite, run_main, capsys, tmp_path):
    out = tmp_path / "out"
    code, _, _ = run_main(write_suite(ROWS), "--out", out, "--threads", "1", "--jobs", "1")
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

    monkeypatch.setattr("benchmarks.verify.Scheduler.run", stop)
    assert verify([str(locked[1]), "--runs", "1", "--device", "cpu"]) == code
    assert told in capsys.readouterr().err


def test_a_lock_is_a_schema_too(write_suite):
    with pytest.raises(SuiteError, match=r"lock\.code: this key is needed"):
        load_suite(write_suite("baselines: [kmeans]\nlock: {written: now, device: cpu}\n"))
