"""Several harnesses, and several runs at once."""

import itertools
import json
import os
import shutil
import socket
import subprocess
import time
from datetime import datetime, timedelta

import pytest

from tests.harness.execution.faults import (
    CELLS,
    Harness,
    check_whole,
    ids,
    records,
    row,
    run,
    statuses,
)

NOTES = """\
import os
from pathlib import Path
from otlvm.divergences import SampleDivergence

class Notes(SampleDivergence):
    def __init__(self, label: str):
        super().__init__()
        self.label = label
        self.done = False
    def between(self, x, a, y, b):
        if not self.done:
            with Path(__file__).with_name("calls.txt").open("a") as file:
                file.write(f"{self.label}\\n")
        self.done = True
        return x.square().mean()
"""

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("nothing_left")]


def test_two_harnesses_share_a_store(write, tmp_path):
    names = ["a", "b", "c", "d"]
    rows = [row(name, f"{{name: 'bad:Notes', label: {name}}}") for name in names]
    suite, out = write(rows, NOTES)
    both = [Harness(suite, out) for _ in range(2)]
    ends = [harness.end() for harness in both]
    assert [code for code, _, _ in ends] == [0, 0], ends
    assert ends[0][1] == ends[1][1]
    assert sorted((tmp_path / "calls.txt").read_text().split()) == names
    assert statuses(out) == dict.fromkeys(names, "done")
    assert 2 in {record["side_by_side"] for record in records(out).values()}
    for one, two in itertools.combinations(records(out).values(), 2):
        begun, ended = max(one["started"], two["started"]), min(one["finished"], two["finished"])
        if datetime.fromisoformat(ended) - datetime.fromisoformat(begun) >= timedelta(seconds=2):
            assert one["side_by_side"] == two["side_by_side"] == 2  # only then, the ends apart
    assert sum(errors.count("by another process") for _, _, errors in ends) >= 1
    assert list((out / "work").iterdir()) == []


def test_leases_of_dead_processes_do_not_block(copied):
    suite, out, whole = copied
    ended = subprocess.Popen(["true"])
    ended.wait()
    mine = {"host": socket.gethostname(), "pid": os.getpid(), "started": "1"}  # of another, then
    left = [json.dumps(mine | {"pid": ended.pid}), json.dumps(mine), ""]
    for cell, content in zip(CELLS, left, strict=False):
        (out / "leases" / f"{ids(out)[cell]}.json").write_text(content)
        shutil.rmtree(out / "runs" / ids(out)[cell])
    began = time.monotonic()
    code, _, errors = run(suite, out)
    assert code == 0, errors
    assert time.monotonic() - began < 50
    check_whole(out, whole)


def test_two_jobs_give_the_same_numbers(reference, tmp_path):
    suite, whole = reference
    out = tmp_path / "out"
    code, output, errors = run(suite, out, "--jobs", "2")
    assert code == 0, errors
    check_whole(out, whole)
    assert {record["side_by_side"] for record in records(out).values()} == {2}
    assert "∥" in output
