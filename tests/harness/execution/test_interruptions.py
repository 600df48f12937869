"""Runs that are interrupted, and results that are damaged."""

import re
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from otlvm.harness.commands import table
from tests.support import records, row

KMEANS = "baselines: [kmeans]\nseeds: [0, 1]\n"


def test_interruption(write_suite, tmp_path, capsys):
    suite = write_suite(
        "runs:\n" + row("short", "imq_mmd") + row("long", "imq_mmd", ", train: {steps: 1000000}")
    )
    out = tmp_path / "out"
    command = [sys.executable, "-m", "benchmarks.run", str(suite), "--out", str(out)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with process:
        deadline = time.monotonic() + 100
        while not records(out) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)  # into the second run
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    told = " ".join(errors.split())
    assert "1 of 2 runs are finished and kept" in told
    assert str(out) in "".join(errors.split())
    assert {label: record["status"] for (label, _), record in records(out).items()} == {
        "short": "done"
    }
    assert len(list((out / "runs").iterdir())) == 1
    assert output == ""
    assert table.main([str(out)]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^ long +0 of 1 ", printed, re.MULTILINE)
    assert re.search(r"^ short +1 ", printed, re.MULTILINE)


def test_interruption_before_training(run_main, write_suite, tmp_path):
    (tmp_path / "slow.py").write_text("def load():\n    raise KeyboardInterrupt\n")
    suite = write_suite(KMEANS, digits="'slow:load'")
    try:
        code, _, errors = run_main(suite, "--out", tmp_path / "out")
    except KeyboardInterrupt:  # would stop pytest
        pytest.fail("a traceback")
    assert code == 130
    assert "interrupted" in errors


def test_half_written_folder_is_no_result(run_main, write_suite, tmp_path):
    suite = write_suite(KMEANS)
    out = tmp_path / "out"
    run_main(suite, "--out", out)
    first = records(out)["kmeans", 0]
    place = out / "runs" / first["id"]
    place.rename(out / "runs" / f".{first['id']}-1")  # as a killed process leaves it
    _, _, errors = run_main(suite, "--out", out)
    assert errors.count("kept") == 1
    assert (place / "record.json").exists()


@pytest.mark.parametrize("damage", [lambda text: text[:-200], lambda text: "", lambda text: "\0?"])
def test_damaged_record_is_computed_again(run_main, write_suite, tmp_path, damage):
    suite = write_suite(KMEANS)
    out = tmp_path / "out"
    run_main(suite, "--out", out)
    before = records(out)
    shown = pd.read_csv(out / "table.csv")
    path = out / "runs" / before["kmeans", 1]["id"] / "record.json"
    path.write_text(damage(path.read_text()))
    code, _, errors = run_main(suite, "--out", out)
    assert code == 0
    assert "kmeans, seed 0: done, accuracy" in errors
    assert "kmeans, seed 1: done, accuracy" in errors
    after = records(out)
    assert after["kmeans", 0] == before["kmeans", 0]
    assert after["kmeans", 1]["metrics"]["ari"] == before["kmeans", 1]["metrics"]["ari"]
    assert pd.read_csv(out / "table.csv")["ari_mean"].equals(shown["ari_mean"])
