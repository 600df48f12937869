"""What a suite costs when it is hurt: real processes, real files, and a look at what is left."""

import hashlib
import io
import itertools
import json
import os
import pickle
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import torch

from otlvm.training import Checkpoints

pytestmark = pytest.mark.faults

SUITE = """\
name: faults
data: digits
model:
  network: {name: mlp, hidden: [16], component_hidden: [8]}
  prior: {name: gaussian_mixture, components: 3, dim: 2}
train: {steps: 300, batch_size: 32, eval_every: 100, start: {name: moments, steps: 2}}
execution: {checkpoint_every: 20}
"""
REFERENCE = f"""\
{SUITE}
seeds: [0, 1]
runs:
  - {{label: imq, objective: {{name: wae, weight: 10, divergence: imq_mmd}}}}
  - {{label: heavy, objective: {{name: wae, weight: 1, divergence: 'heavy:Heavy'}}}}
"""
CELLS = [("heavy", 0), ("heavy", 1), ("imq", 0), ("imq", 1)]
HEAVY = """\
import torch
from otlvm.divergences import SampleDivergence

class Heavy(SampleDivergence):
    def __init__(self):
        super().__init__()
        self.register_buffer("ballast", torch.ones(4_000_000))  # so that checkpoints take time
    def between(self, x, a, y, b):
        return (a @ x - b @ y).square().sum()
"""
COSTS = ("fit_seconds", "step_ms", "peak_mb")
MARK = "OTLVM_FAULTS"
STARTED = []


def row(label, divergence, more=""):
    objective = f"{{name: wae, weight: 1, divergence: {divergence}}}"
    return f"  - {{label: {label}, objective: {objective}{more}}}\n"


class Harness:
    """A started command, all processes of which carry a mark."""

    def __init__(self, suite, out, *options, **popen):
        STARTED.append(self)
        self.mark = uuid.uuid4().hex
        self.began = time.time()
        command = [
            sys.executable,
            "-m",
            "benchmarks.run",
            suite,
            "--out",
            out,
            "--threads",
            "1",
        ]
        self.process = subprocess.Popen(
            [str(part) for part in (*command, *options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "COLUMNS": "80", MARK: self.mark},
            **popen,
        )

    def end(self, timeout=120):
        """Exit code, output and errors, line breaks taken out of these."""
        try:
            output, errors = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert "Traceback" not in output + errors, errors
        return self.process.returncode, output, " ".join(errors.split())

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=20)

    def processes(self):
        """Numbers of all processes that it has started, and its own."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                environment = (path / "environ").read_bytes()
            except OSError:  # gone meanwhile
                continue
            if f"{MARK}={self.mark}".encode() in environment.split(b"\0"):
                found.append(int(path.name))
        return found

    def works(self, out):
        """Tell whether a run's own process has begun."""
        return any(made_after(path, self.began) for path in out.glob("work/*/log.txt"))

    def wait(self, condition, every=0.001):
        """Wait until a condition holds; the command must not end before."""
        deadline = time.monotonic() + 90
        while not (value := condition()):
            if self.process.poll() is not None:
                pytest.fail(f"ended too early: {self.process.communicate()}")
            if time.monotonic() > deadline:
                self.kill()
                pytest.fail("waited in vain")
            time.sleep(every)
        return value


def run(suite, out, *options, **popen):
    return Harness(suite, out, *options, **popen).end()


def made_after(path, moment):
    try:
        return path.stat().st_ctime > moment
    except FileNotFoundError:
        return False


def gone(harness, seconds):
    deadline = time.monotonic() + seconds
    while harness.processes():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def records(out):
    found = [json.loads(path.read_bytes()) for path in out.glob("runs/*/record.json")]
    return {(record["label"], record["seed"]): record for record in found}


def statuses(out):
    return {label: record["status"] for (label, _), record in records(out).items()}


def results(out):
    """All that must be the same, however often a suite was hurt."""
    found = {}
    for cell, record in records(out).items():
        folder = out / "runs" / record["id"]
        metrics = {key: value for key, value in record["metrics"].items() if key not in COSTS}
        files = [folder / "curves.csv", *sorted((folder / "model").iterdir())]
        files.append(folder / "pictures.npz")
        found[cell] = record["status"], metrics, [path.read_bytes() for path in files]
    return found


def check_whole(out, reference):
    """Each run once, equal to the uninterrupted, and nothing beside it."""
    cells = [(entry["label"], entry["seed"]) for entry in manifest(out)]
    assert sorted(cells) == sorted(set(cells))
    assert sorted(path.name for path in (out / "runs").iterdir()) == sorted(ids(out).values())
    expected = results(reference)
    assert results(out) == {cell: expected[cell] for cell in cells}
    assert list((out / "work").iterdir()) == []
    assert list((out / "leases").glob("*.json")) == []


def manifest(out):
    return json.loads((out / "suite.json").read_bytes())["runs"]


def ids(out):
    return {(entry["label"], entry["seed"]): entry["id"] for entry in manifest(out)}


@pytest.fixture(scope="module")
def reference(once):
    """A suite and the folder into which it ran without interruption."""
    folder = once("reference", run_reference)
    return folder / "suite.yaml", folder / "out"


def run_reference(folder):
    (folder / "heavy.py").write_text(HEAVY)
    suite = folder / "suite.yaml"
    suite.write_text(REFERENCE)
    code, _, errors = run(suite, folder / "out")
    assert code == 0, errors
    assert sorted(results(folder / "out")) == CELLS
    assert {record["side_by_side"] for record in records(folder / "out").values()} == {1}


@pytest.fixture
def copied(reference, tmp_path):
    """The suite, a copy of its results to be hurt, and the results."""
    suite, whole = reference
    shutil.copytree(whole, tmp_path / "out")
    return suite, tmp_path / "out", whole


@pytest.fixture
def write(tmp_path):
    """Write a suite and a plug-in `bad` beside it."""

    def write(rows, plugin="", **changes):
        text = f"{SUITE}runs:\n{''.join(rows)}"
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "suite.yaml").write_text(text)
        (tmp_path / "bad.py").write_text(plugin)
        return tmp_path / "suite.yaml", tmp_path / "out"

    return write


@pytest.fixture(autouse=True)
def nothing_left():
    """End what a failed test has left running."""
    yield
    while STARTED:
        harness = STARTED.pop()
        for pid in harness.processes():
            os.kill(pid, signal.SIGKILL)
        harness.process.communicate(timeout=20)


# killed


def test_killed_at_random_moments_and_started_again(reference, tmp_path):
    suite, whole = reference
    out, dice, seen, kills = tmp_path / "out", random.Random(0), {}, 0
    for count in range(20):
        harness = Harness(suite, out)
        early = count % 4 == 0
        if early:  # while it starts
            time.sleep(dice.uniform(0.5, 5))
        else:
            while not harness.works(out) and harness.process.poll() is None:
                time.sleep(0.005)
            time.sleep(dice.uniform(0, 1.3))
        if harness.process.poll() is not None:
            assert harness.end()[0] == 0
            break
        harness.kill()
        kills += 1
        assert gone(harness, 10 if early else 3)  # the fork server may have to end its imports
        for path in out.glob("runs/*/record.json"):
            assert seen.setdefault(path, path.read_bytes()) == path.read_bytes()
    assert kills >= 14
    code, _, errors = run(suite, out)
    assert code == 0, errors
    check_whole(out, whole)
    for path, content in seen.items():  # none was computed twice
        assert path.read_bytes() == content


def test_killed_while_it_writes_a_checkpoint_or_commits(reference, tmp_path):
    suite, whole = reference
    out = tmp_path / "out"
    options = ("--only", "heavy", "--set", "seeds=[0]")
    harness = Harness(suite, out, *options)
    log = harness.wait(lambda: next(out.glob("work/*/log.txt"), None))
    place = log.parent / "checkpoint"
    harness.wait(place.exists)
    harness.wait(place.with_name("checkpoint.new").exists, every=0)
    child = next(pid for pid in harness.processes() if os.getpgid(pid) == pid != os.getpgid(0)
                 and pid != harness.process.pid)  # fmt: skip
    harness.wait(lambda: not place.with_name("checkpoint.new").exists(), every=0)
    harness.wait(place.with_name("checkpoint.new").exists, every=0)
    for pid in (harness.process.pid, child):
        os.kill(pid, signal.SIGKILL)
    harness.kill()
    assert gone(harness, 3)
    part = place.with_name("checkpoint.new")
    assert part.stat().st_size < place.stat().st_size
    state = Checkpoints(place, identity=place.parent.name).load()
    assert 20 <= state["history"]["steps"] < 300
    # Once more, after the result is written and before it is committed.
    harness = Harness(suite, out, *options)
    written = place.parent / "result/record.json"
    harness.wait(written.exists, every=0)
    harness.kill()
    assert gone(harness, 3)
    assert list((out / "runs").iterdir()) == []
    content = written.read_bytes()
    time.sleep(1)
    code, _, errors = run(suite, out, *options)
    assert code == 0, errors
    assert (out / "runs" / place.parent.name / "record.json").read_bytes() == content
    check_whole(out, whole)


LITTER = """\
import os
from pathlib import Path
from otlvm.divergences import SampleDivergence

class Litters(SampleDivergence):
    def __init__(self):
        super().__init__()
        self.done = False
    def between(self, x, a, y, b):
        if not self.done:  # so that the harness has something to tidy up for a while
            folder = Path(os.readlink("/proc/self/fd/1")).with_name("litter")
            folder.mkdir()
            for count in range(20_000):
                (folder / str(count)).touch()
        self.done = True
        return x.square().mean()
"""


def test_killed_while_it_tidies_up_after_a_commit(write):
    suite, out = write([row("litters", "'bad:Litters'")], LITTER)
    harness = Harness(suite, out)
    harness.wait(lambda: list(out.glob("runs/*/record.json")))
    harness.kill()
    (work,) = (out / "work").iterdir()
    assert any((work / "litter").iterdir())
    before = records(out)
    code, _, errors = run(suite, out)
    assert code == 0, errors
    assert records(out) == before
    assert list((out / "work").iterdir()) == []
    assert list((out / "leases").glob("*.json")) == []


# told to stop


def test_stopped_by_sigterm_and_sigint_goes_on_bit_for_bit(reference, tmp_path):
    suite, whole = reference
    out = tmp_path / "out"
    options = ("--only", "imq")
    for number, done in ((signal.SIGTERM, 0), (signal.SIGINT, 1)):
        harness = Harness(suite, out, *options)
        harness.wait(lambda harness=harness: harness.works(out))
        harness.wait(lambda done=done: len(list(out.glob("runs/*/record.json"))) == done)
        place = out / "work" / ids(out)["imq", done] / "checkpoint"
        harness.wait(lambda place=place, began=harness.began: made_after(place, began))
        harness.process.send_signal(number)
        harness.process.wait(timeout=5)
        code, output, errors = harness.end()
        assert (code, output) == (130, "")
        assert f"{done} of 2 runs are finished and kept" in errors
        assert "the same command goes on from there" in errors
        assert gone(harness, 5)
        assert Checkpoints(place, identity=place.parent.name).load()["history"]["steps"] >= 20
        assert len(records(out)) == done
    code, _, errors = run(suite, out, *options)
    assert code == 0, errors
    check_whole(out, whole)


HANGS = """\
import time
from otlvm.divergences import SampleDivergence

class Hangs(SampleDivergence):
    def __init__(self):
        super().__init__()
    def between(self, x, a, y, b):
        time.sleep(1000)
"""


def test_second_sigint_stops_at_once(write):
    suite, out = write([row("hangs", "'bad:Hangs'")], HANGS)
    harness = Harness(suite, out)
    harness.wait(lambda: harness.works(out))
    time.sleep(1)
    harness.process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert harness.process.poll() is None
    harness.process.send_signal(signal.SIGINT)
    harness.process.wait(timeout=5)  # less than the grace after the first
    code, _, errors = harness.end()
    assert code == 130
    assert "0 of 1 runs are finished" in errors
    assert gone(harness, 5)
    assert records(out) == {}
    assert "its state is saved" not in errors  # it was killed, and left no checkpoint


@pytest.mark.parametrize("when", ["before the first run", "while it runs"])
def test_signals_to_all_of_its_processes(write, when):
    """As a terminal's Ctrl-C does, and a batch system that ends a job."""
    suite, out = write([row("a", "imq_mmd")], **{"steps: 300": "steps: 100000"})
    harness = Harness(suite, out, start_new_session=True)
    if when == "while it runs":
        harness.wait(lambda: list(out.glob("work/*/checkpoint")))
        for pid in harness.processes():
            os.kill(pid, signal.SIGTERM)
    else:
        harness.wait(lambda: list(out.glob("leases/*.json")))
        time.sleep(0.5)
        os.killpg(harness.process.pid, signal.SIGINT)
    code, _, errors = harness.end()
    assert code == 130, errors
    assert "0 of 1 runs are finished" in errors
    assert gone(harness, 5)
    assert records(out) == {}


# no room


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (18_000, 18_000))


def test_files_that_cannot_grow(copied):
    suite, out, whole = copied
    shutil.rmtree(out / "runs" / ids(out)["imq", 1])
    before = records(out)
    code, output, errors = run(suite, out, preexec_fn=small_files)
    assert (code, output) == (4, ""), errors
    assert f"{out} cannot be written" in errors
    assert "the same command goes on from there" in errors
    assert records(out) == before
    code, _, errors = run(suite, out)
    assert code == 0, errors
    check_whole(out, whole)


def test_tables_that_cannot_be_written(copied):
    suite, out, whole = copied
    for path in out.glob("curves.*"):
        path.unlink()
    code, _, errors = run(suite, out, preexec_fn=small_files)
    assert code == 4, errors
    check_whole(out, whole)


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a disk is not permitted")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path, leave):
    free = os.statvfs(path.parent)
    path.write_bytes(b"x" * (free.f_bavail * free.f_bsize - leave))


@pytest.mark.parametrize("left", [0, 60_000], ids=["from the start", "while it runs"])
def test_full_disk(reference, small_disk, left):
    suite, whole = reference
    out, filler = small_disk / "out", small_disk / "filler"
    fill(filler, left)
    code, output, errors = run(suite, out, "--only", "imq")
    assert (code, output) == (4, ""), errors
    assert f"{out} cannot be written" in errors
    assert all(record["status"] == "done" for record in records(out).values())
    kept = {path: path.read_bytes() for path in out.glob("runs/*/record.json")}
    filler.unlink()
    code, _, errors = run(suite, out, "--only", "imq")
    assert code == 0, errors
    check_whole(out, whole)
    for path, content in kept.items():
        assert path.read_bytes() == content


def test_out_below_a_file(write, tmp_path):
    suite, _ = write([row("a", "imq_mmd")])
    code, _, errors = run(suite, tmp_path / "bad.py" / "out")
    assert code == 2
    assert "bad.py/out cannot be written" in errors


# damaged


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


# numbers that are none

NAN = """\
import torch
from otlvm.divergences import SampleDivergence
from otlvm.networks import MLP
from otlvm.priors import GaussianPrior

NAN = float("nan")

class Backward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, broken):
        ctx.broken = broken
        return x.clone()
    @staticmethod
    def backward(ctx, gradient):
        return gradient * (NAN if ctx.broken else 1), None

class Counts(SampleDivergence):
    def __init__(self):
        super().__init__()
        self.calls = 0

class Value(Counts):
    def between(self, x, a, y, b):
        self.calls += 1
        return x.square().mean() * (NAN if self.calls >= 7 else 1)

class Gradient(Counts):
    def between(self, x, a, y, b):
        self.calls += 1
        return Backward.apply(x.square().mean(), self.calls == 13)

class Net(MLP):
    def __init__(self, image_shape, n_components, dim):
        super().__init__(image_shape, n_components, dim, hidden=(8,))
    def decode(self, z):
        return super().decode(z) * (1 if self.training else NAN)

class Prior(GaussianPrior):
    def __init__(self):
        super().__init__(torch.eye(3)[:, :2], torch.eye(2).expand(3, 2, 2))
    def sample(self, n):
        return super().sample(n) * NAN
"""


def test_nan_in_value_gradient_and_metrics(write):
    rows = [
        row("value", "'bad:Value'"),
        row("gradient", "'bad:Gradient'"),
        row("metric", "imq_mmd", ", model: {network: 'bad:Net'}"),
        row("sample", "imq_mmd", ", model: {prior: 'bad:Prior'}"),
        row("good", "imq_mmd"),
    ]
    short = {"steps: 300": "steps: 40", "eval_every: 100": "eval_every: 20"}
    suite, out = write(rows, NAN, **short)
    code, output, errors = run(suite, out)
    assert code == 1, errors
    found = {label: record["diverged"] for (label, _), record in records(out).items()}
    assert found == {
        "value": {"term": "divergence", "value": "nan", "step": 7},
        "gradient": {"term": "gradient", "value": "nan", "step": 13},
        "metric": {"term": "bce", "value": "nan", "step": 20},
        "sample": {"term": "latent_w2", "value": "nan", "step": 40},
        "good": None,
    }
    for label, facts in found.items():
        assert statuses(out)[label] == ("diverged" if facts else "done")
        if facts:
            assert re.search(rf"^ {label} +0 of 1 +nan @ {facts['step']} ", output, re.MULTILINE)
            told = f"{facts['term']} is nan at step {facts['step']}"
            assert f"{label}, seed 0: diverged ({told})" in errors


# plug-ins that misbehave

BAD = """\
import ctypes, os, subprocess, time
from otlvm.divergences import SampleDivergence

class Bad(SampleDivergence):
    def __init__(self, what: str):
        super().__init__()
        self.what = what
        self.calls = 0
    def between(self, x, a, y, b):
        self.calls += 1
        if self.calls == 5:
            getattr(self, self.what)()
        return x.square().mean()
    def nothing(self):
        pass
    def raises(self):
        raise ArithmeticError("too bad")
    def hangs(self):
        subprocess.Popen(["sleep", "1000"])
        time.sleep(1000)
    def exits(self):
        os._exit(3)
    def crashes(self):
        ctypes.string_at(0)
    def eats(self):
        eaten = [bytearray(2**26) for _ in range(48)]
        raise AssertionError("3 GiB were there")
"""


def bad(what):
    return row(what, f"{{name: 'bad:Bad', what: {what}}}")


def test_each_bad_plugin_costs_one_cell(write):
    names = ["raises", "nothing", "hangs", "exits", "crashes", "eats", "imq"]
    rows = [bad(name) if name != "imq" else row(name, "imq_mmd") for name in names]
    limits = "{timeout: 6 s, memory_mb: 1500, "
    suite, out = write(rows, BAD, **{"execution: {": f"execution: {limits}", "300": "40"})
    harness = Harness(suite, out)
    code, output, errors = harness.end()
    assert code == 1, errors
    assert gone(harness, 2)
    assert statuses(out) == {
        **dict.fromkeys(names, "failed"),
        "nothing": "done",
        "imq": "done",
        "hangs": "timeout",
    }
    reasons = {label: record["reason"] for (label, _), record in records(out).items()}
    assert reasons["raises"] == "ArithmeticError: too bad"
    assert reasons["hangs"] == "killed after 6 s"
    assert reasons["exits"] == "the process ended with exit code 3, without a result"
    assert reasons["crashes"] == "the process was killed by SIGSEGV"
    assert "memory" in reasons["eats"].lower()
    for name in names:
        assert re.search(rf"^ {name} +", output, re.MULTILINE)
    assert "5 of 7 runs failed" in errors


def test_fail_fast_and_all_failed(write):
    suite, out = write([bad("exits"), bad("raises")], BAD, **{"300": "40"})
    code, _, errors = run(suite, out, "--fail-fast")
    assert code == 1, errors
    assert statuses(out) == {"exits": "failed"}
    code, _, errors = run(suite, out)
    assert code == 3, errors
    assert statuses(out) == {"exits": "failed", "raises": "failed"}
    assert "2 of 2 runs failed" in errors


# several at once

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
