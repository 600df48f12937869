import contextlib
import gc
import json
import os
import re
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from otlvm.harness.execution.clusters import queue_cluster
from otlvm.harness.messages import InputError
from otlvm.harness.store.files import pack, unpack
from tests.conftest import SUITE

pytestmark = pytest.mark.faults

ROWS = """\
execution: {checkpoint_every: 50}
seeds: [0]
runs:
  - {label: WAE, objective: {name: wae, weight: 10, divergence: {name: imq_mmd}}}
  - {label: VAE, objective: {name: vae}}
  - {label: bad, objective: {name: wae, divergence: {name: "faulty:Faulty"}}}
"""
FAULTY = """\
from otlvm.divergences import SampleDivergence


class Faulty(SampleDivergence):
    def between(self, x, a, y, b):
        raise ArithmeticError("every time")
"""
TIMES = ("fit_seconds", "step_ms", "peak_mb")


@pytest.fixture
def suite(tmp_path):
    (tmp_path / "faulty.py").write_text(FAULTY)
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE.replace("steps: 4,", "steps: 600,") + ROWS)
    return path


def start(suite, out, *options):
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
    return subprocess.Popen(
        [str(part) for part in (*command, *options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
        start_new_session=True,
    )


def finish(process):
    output, errors = process.communicate(timeout=200)
    assert "Traceback" not in output + errors, errors
    return process.returncode, output, errors


def results(out):
    found = [json.loads(path.read_text()) for path in out.glob("runs/*/record.json")]
    return {
        (r["label"], r["seed"]): (
            r["status"],
            r["reason"],
            {key: value for key, value in r["metrics"].items() if key not in TIMES},
            [
                (out / "runs" / r["id"] / name).read_bytes() if r["status"] == "done" else b""
                for name in ("curves.csv", "pictures.npz")
            ],
        )
        for r in found
    }


@pytest.fixture(scope="module")
def expected(once):
    """What this machine's processes compute."""
    out = once("local", run_here) / "out"
    return results(out), table(out)


def run_here(folder):
    (folder / "faulty.py").write_text(FAULTY)
    path = folder / "suite.yaml"
    path.write_text(SUITE.replace("steps: 4,", "steps: 600,") + ROWS)
    code, _, _ = finish(start(path, folder / "out", "--jobs", "2"))
    assert code == 1


def table(out):
    """The whole table, to the last digit, without times and memory."""
    frame = pd.read_csv(out / "table.csv", index_col="label", dtype=str, keep_default_na=False)
    assert list(frame.index) == ["WAE", "VAE", "bad"]
    costs = [name for name in frame if name.startswith((*TIMES, "side_by_side"))]
    assert len(frame.columns) > len(costs) > 0
    return frame.drop(columns=costs).to_dict()


@pytest.fixture
def dask():
    """Starts Dask's own scheduler and workers, each in a process group of its own."""
    processes = []

    def launch(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield launch
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def cluster(dask):
    """Starts a scheduler and workers; returns its process and address, and theirs."""

    def launch(count):
        scheduler = dask("scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")
        for line in scheduler.stderr:
            found = re.search(r"Scheduler at: +(tcp://\S+)", line)
            if found:
                break
        options = (found[1], "--nthreads", "1", "--no-dashboard")
        workers = [dask("worker", *options) for _ in range(count)]
        for worker in workers:
            for line in worker.stderr:
                if "Registered to" in line:
                    break
        return scheduler, found[1], workers

    return launch


def wait_for(condition, seconds=150):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_workers_started_here_compute_the_same(suite, tmp_path, expected):
    code, output, errors = finish(
        start(suite, tmp_path / "out", "--backend", "dask", "--jobs", "2")
    )
    assert code == 1, errors
    assert results(tmp_path / "out") == expected[0]
    assert table(tmp_path / "out") == expected[1]
    assert "∥" in output


def test_a_lost_worker_s_run_goes_on_elsewhere(suite, tmp_path, expected, cluster):
    _, address, workers = cluster(2)
    out = tmp_path / "out"
    process = start(suite, out, "--backend", "dask", "--scheduler", address)
    wait_for(lambda: list(out.glob("work/*/checkpoint")))
    os.killpg(workers[0].pid, signal.SIGKILL)
    code, _, errors = finish(process)
    assert code == 1, errors
    assert results(out) == expected[0]
    assert table(out) == expected[1]
    assert errors.count("bad, seed 0: failed (ArithmeticError: every time)") == 1


def test_a_lost_scheduler_loses_no_result(suite, tmp_path, expected, cluster):
    scheduler, address, _ = cluster(1)
    out = tmp_path / "out"
    process = start(suite, out, "--backend", "dask", "--scheduler", address)
    wait_for(lambda: list(out.glob("runs/*/record.json")))
    os.killpg(scheduler.pid, signal.SIGKILL)
    code, _, errors = finish(process)
    assert code == 130, errors
    assert "the Dask scheduler is gone" in errors
    assert "the same command goes on from there" in " ".join(errors.split())
    code, _, _ = finish(start(suite, out, "--jobs", "2"))
    assert code == 1
    assert results(out) == expected[0]
    assert table(out) == expected[1]


def test_an_interruption_reaches_the_workers(suite, tmp_path, expected):
    out = tmp_path / "out"
    process = start(suite, out, "--backend", "dask", "--jobs", "2")
    wait_for(lambda: list(out.glob("work/*/checkpoint")))
    process.send_signal(signal.SIGINT)
    asked = time.monotonic()
    code, _, errors = finish(process)
    assert time.monotonic() - asked < 20
    assert code == 130, errors
    code, _, _ = finish(start(suite, out, "--backend", "dask", "--jobs", "1"))
    assert code == 1
    assert results(out) == expected[0]


UNSHARED = """
import sys
from otlvm.harness.execution import dask_workers
from otlvm.harness.commands.run import main

class Unshared(dask_workers.DaskRuns):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._mark.unlink()  # as for a machine that has other disks

dask_workers.DaskRuns = Unshared
sys.exit(main(sys.argv[1:]))
"""


def test_results_travel_where_no_disk_is_shared(suite, tmp_path, expected, cluster):
    out, (_, address, _) = tmp_path / "out", cluster(1)
    process = subprocess.run(
        [sys.executable, "-c", UNSHARED, suite, "--out", out, "--threads", "1",
         "--backend", "dask", "--scheduler", address],
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert process.returncode == 1, process.stderr
    assert results(out) == expected[0]
    again = start(suite, out, "--dry-run")
    assert finish(again)[1].count("done  ") == 2


# clusters behind a queue

SBATCH = """\
#!/usr/bin/env python3
import subprocess, sys
subprocess.Popen(["bash", sys.argv[1]], start_new_session=True,
                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("Submitted batch job 1")
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A queue that starts every job at once."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", "#!/bin/sh\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_queues_workers_compute_the_same(suite, tmp_path, expected, slurm):
    file = tmp_path / "cluster.yaml"
    file.write_text(
        "queue: slurm\njobs: 2\n"
        "options: {cores: 2, memory: 2GB, processes: 1, interface: lo, walltime: '00:10:00'}\n"
    )
    process = start(suite, tmp_path / "out", "--backend", "dask", "--cluster", file)
    code, _, errors = finish(process)
    assert code == 1, errors
    assert results(tmp_path / "out") == expected[0]
    assert table(tmp_path / "out") == expected[1]


EXAMPLES = "benchmarks/clusters"


@pytest.mark.parametrize(
    ("queue", "submit", "line"),
    [
        ("slurm", "sbatch", "#SBATCH -t 04:00:00"),
        ("pbs", "qsub", "#PBS -l walltime=04:00:00"),
        ("sge", "qsub", "#$ -l h_rt=04:00:00"),
        ("lsf", "bsub", "#BSUB -W 04:00"),
    ],
)
def test_the_example_files(tmp_path, queue, submit, line):
    code = f"""
from pathlib import Path
from otlvm.harness.execution import clusters as cluster
import dask_jobqueue
kind = getattr(dask_jobqueue, cluster.QUEUES[{queue!r}])
kind.scale = lambda self, jobs: print("jobs", jobs)
made = cluster.queue_cluster(Path({EXAMPLES!r}) / "{queue}.yaml")
print(made.job_script())
"""
    (tmp_path / submit).write_text("#!/bin/sh\n")
    (tmp_path / submit).chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": path}, timeout=60,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert "jobs 8" in process.stdout
    assert line in process.stdout
    assert "--death-timeout 60 --nthreads 1\n" in process.stdout
    assert "export OMP_NUM_THREADS=4" in process.stdout


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("queue: slrum\n", "queue"),
        ("queue: slurm\njob: 3\n", "job"),
        ("queue: [", "not valid YAML"),
    ],
)
def test_wrong_cluster_files(tmp_path, text, told):
    path = tmp_path / "cluster.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"cluster\.yaml.*{told}"):
        queue_cluster(path)


@pytest.fixture
def refused(suite, tmp_path, plugins, capsys):
    """Call the command line with ``--backend dask``, which it must refuse; returns its errors."""

    def call(*options):
        from otlvm.harness.commands.run import main

        line = (suite, "--out", tmp_path / "out", "--backend", "dask", *options)
        assert main([str(part) for part in line]) == 2
        output, errors = capsys.readouterr()
        assert output == ""
        return errors

    return call


@pytest.mark.parametrize(
    ("options", "told"),
    [("{coers: 3}", "options: .*coers"), ("{cores: 1, memory: 1GB}", "there is no sbatch here")],
)
@pytest.mark.filterwarnings("ignore:Exception ignored in.*Cluster.__del__")  # half-built
def test_clusters_that_cannot_start(refused, tmp_path, options, told):
    path = tmp_path / "cluster.yaml"
    path.write_text(f"queue: slurm\noptions: {options}\n")
    assert re.search(rf"cluster\.yaml: {told}", refused("--cluster", path))
    gc.collect()  # while the filter holds


def test_no_scheduler_there(refused, monkeypatch):
    monkeypatch.setattr("otlvm.harness.execution.clusters.CONNECT_SECONDS", 2)
    errors = refused("--scheduler", "tcp://127.0.0.1:9")
    assert "--scheduler tcp://127.0.0.1:9: no Dask scheduler answers" in errors


def test_options_that_do_not_fit(suite, run_main):
    for options in (
        ("--scheduler", "tcp://a:1"),
        ("--backend", "dask", "--jobs", "0"),
        ("--backend", "dask", "--jobs", "auto"),
        ("--backend", "dask", "--scheduler", "tcp://a:1", "--cluster", "f", "--jobs", "1"),
        ("--jobs", "-1"),
        ("--threads", "0"),
        ("--shard", "3/2"),
    ):
        code, output, errors = run_main(suite, *options)
        assert (code, output) == (2, "")
        assert options[-2] in errors or "--scheduler" in errors


# archives


def test_files_travel_with_their_times(tmp_path):
    source, target = tmp_path / "a", tmp_path / "b"
    (source / "result/model").mkdir(parents=True)
    (source / "result/model/weights").write_bytes(os.urandom(1000))
    (source / "checkpoint").write_text("x")
    unpack(pack(source, ["result", "checkpoint", "nothing"]), target)
    for name in ("result/model/weights", "checkpoint"):
        assert (target / name).read_bytes() == (source / name).read_bytes()
        assert (target / name).stat().st_mtime_ns == (source / name).stat().st_mtime_ns
