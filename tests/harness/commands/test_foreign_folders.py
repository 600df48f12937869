"""Folders of users, with files whose names are ours or an installed package's: runs that train.

A dry run proves nothing here: what fails is the process that a run has to itself.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

OTLVM = Path(sysconfig.get_path("scripts")) / "otlvm"
SHADOWS = ("seaborn", "umap", "rich", "yaml", "random", "statistics", "sklearn", "execute", "ot")
BROKEN = "raise RuntimeError('a file of the user, which nobody asked for')\n"


def call(folder, *words, program=(str(OTLVM),)):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    root = Path(__file__).parents[3]
    if os.environ.get("PYTHONPATH"):  # tests of a checkout that is not the installed one
        environment["PYTHONPATH"] = str(root)
    return subprocess.run(
        [*program, *words],
        cwd=folder,
        env={**environment, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture
def foreign(write_suite, tmp_path):
    """Return a folder with a suite that trains in a second."""
    write_suite("runs: [{label: VAE, objective: vae}]\ntable: {metrics: [bce]}\n")
    return tmp_path


def test_a_suite_trains_beside_a_foreign_package_of_the_fronts_name(foreign):
    (foreign / "benchmarks").mkdir()
    (foreign / "benchmarks" / "__init__.py").write_text(BROKEN)
    ended = call(foreign, "run", "suite.yaml")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "VAE, seed 0: done" in ended.stderr


def test_a_suite_trains_from_a_folder_with_a_foreign_module(foreign, tmp_path):
    (foreign / "benchmarks.py").write_text(BROKEN)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder, suite in ((foreign, "suite.yaml"), (elsewhere, str(foreign / "suite.yaml"))):
        ended = call(folder, "run", suite, "--out", f"out-{folder.name}")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert "VAE, seed 0: done" in ended.stderr


@pytest.mark.parametrize("program", ["otlvm", "python -m benchmarks.run", "python -m otlvm"])
def test_files_beside_the_suite_shadow_nothing(foreign, program):
    for name in SHADOWS:
        (foreign / f"{name}.py").write_text(BROKEN)
    words = {
        "otlvm": (str(OTLVM), "run"),
        "python -m benchmarks.run": (sys.executable, "-m", "benchmarks.run"),
        "python -m otlvm": (sys.executable, "-m", "otlvm", "run"),
    }[program]
    ended = call(foreign, "suite.yaml", program=words)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (foreign / "runs" / "tiny" / "report.html").is_file()
