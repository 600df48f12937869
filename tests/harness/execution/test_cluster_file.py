"""Files that describe clusters are checked before anything is written, without Dask."""

import sys

import pytest

from otlvm.harness.execution.cluster_file import read_cluster_file
from otlvm.harness.messages import InputError

ROW = "runs: [{label: a, objective: vae}]\n"


@pytest.fixture
def described(tmp_path):
    def described(options):
        path = tmp_path / "cluster.yaml"
        path.write_text(f"queue: slurm\noptions: {options}\n")
        return path

    return described


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("{cores: '4'}", "options.cores: Input should be a valid integer, got '4'"),
        ("{cores: 0}", "options.cores: Input should be greater than 0, got 0"),
        ("{processes: 0}", "options.processes: Input should be greater than 0, got 0"),
        ("{processes: true}", "options.processes: Input should be a valid integer, got true"),
        ("{job_script_prologue: 'module load x'}", "options.job_script_prologue: expected a valid"),
        ("{worker_extra_args: '--resources GPU=1'}", "options.worker_extra_args: expected a valid"),
        (
            "{worker_extra_args: [1]}",
            "options.worker_extra_args[0]: expected a valid string",
        ),
        ("{job_extra_directives: '--gres=gpu:1'}", "options.job_extra_directives: expected a"),
        ("{scheduler_options: 8786}", "options.scheduler_options: expected keys and values"),
        ("[1]", "options: expected keys and values, got [1]"),
    ],
)
@pytest.mark.parametrize("call", [(), ("--dry-run",)])
def test_options_of_another_kind_are_refused(refuse, write_suite, described, options, told, call):
    path = described(options)
    arguments = ("--backend", "dask", "--jobs", "1", "--cluster", str(path), *call)
    refuse(write_suite(ROW), f"{path}: {told}", arguments=arguments)


def test_an_unknown_option_is_refused_where_dask_can_tell(described, monkeypatch):
    pytest.importorskip("dask_jobqueue")
    path = described("{coers: 3, memory: 1GB}")
    with pytest.raises(InputError, match=r"options: coers: dask_jobqueue.SLURMCluster .*'cores'"):
        read_cluster_file(path)
    monkeypatch.setitem(sys.modules, "dask_jobqueue", None)
    assert read_cluster_file(path).options.model_extra == {"coers": 3, "memory": "1GB"}


def test_what_a_worker_gets(described):
    path = described(
        "{cores: 9, processes: 2, memory: 16GB, queue: gpu, worker_extra_args: [--a],"
        " job_script_prologue: [module load x], scheduler_options: {port: 1}}"
    )
    assert read_cluster_file(path).one_run_each() == {
        "cores": 9,
        "processes": 2,
        "memory": "16GB",
        "queue": "gpu",
        "scheduler_options": {"dashboard_address": ":0", "port": 1},
        "worker_extra_args": ["--a", "--nthreads 1"],
        "job_script_prologue": ["module load x", "export OMP_NUM_THREADS=4"],
    }
    assert "cores" not in read_cluster_file(described("{}")).one_run_each()
