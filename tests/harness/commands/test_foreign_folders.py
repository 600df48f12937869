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


def call(folder, *words, program):
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


def foreign_package(folder):
    """Lay a package of the fronts' name beside the suite."""
    (folder / "benchmarks").mkdir()
    (folder / "benchmarks" / "__init__.py").write_text(BROKEN)


def foreign_module(folder):
    (folder / "benchmarks.py").write_text(BROKEN)


def nothing(folder):
    """The front is called by its name, which is the folder's to give."""


@pytest.mark.parametrize(
    ("program", "lay", "elsewhere"),
    [
        ((str(OTLVM), "run"), foreign_package, False),
        ((sys.executable, "-m", "otlvm", "run"), foreign_module, False),
        ((str(OTLVM), "run"), foreign_module, True),
        ((sys.executable, "-m", "benchmarks.run"), nothing, False),
    ],
    ids=["otlvm", "python -m otlvm", "otlvm elsewhere", "python -m benchmarks.run"],
)
def test_files_beside_the_suite_shadow_nothing(foreign, program, lay, elsewhere):
    lay(foreign)
    for name in SHADOWS:
        (foreign / f"{name}.py").write_text(BROKEN)
    place = foreign / "elsewhere" if elsewhere else foreign
    place.mkdir(exist_ok=True)
    suite = str(foreign / "suite.yaml") if elsewhere else "suite.yaml"
    ended = call(place, suite, program=program)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "VAE, seed 0: done" in ended.stderr
    assert (place / "runs" / "tiny" / "report.html").is_file()
