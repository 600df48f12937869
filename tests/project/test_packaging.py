"""The wheel, installed where there is no checkout, and the example of a plug-in beside it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "otlvm-energy"
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def call(folder, *command):
    process = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**ENVIRONMENT, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def build(project, target, folder):
    call(project, sys.executable, "-m", "hatchling", "build", "-t", target, "-d", folder)
    (built,) = folder.glob("*.tar.gz" if target == "sdist" else "*.whl")
    return built


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    """The source distribution and what it unpacks to."""
    folder = tmp_path_factory.mktemp("sdist")
    archive = build(ROOT, "sdist", folder)
    with tarfile.open(archive) as file:
        file.extractall(folder, filter="data")
    return archive, folder / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """The wheel, built from the source distribution."""
    return build(sdist[1], "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def fresh(wheel, tmp_path_factory):
    """An environment that holds both wheels; what they need is that of the tests' own."""
    folder = tmp_path_factory.mktemp("fresh")
    shutil.copytree(EXAMPLE, folder / "example")
    plugin = build(folder / "example", "wheel", folder)
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    call(folder, *pip, "--no-deps", "--no-index", wheel, plugin)
    # Only now, lest pip sees our own otlvm; that of an editable install stays out of sight, since
    # Python does not read the .pth files of what a .pth file adds.
    packages = folder / "venv" / Path(sysconfig.get_path("purelib")).relative_to(sys.prefix)
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"))
    return python


def test_the_wheel_holds_both_packages_whole(wheel):
    files = {
        path.relative_to(ROOT).as_posix()
        for package in ("otlvm", "benchmarks")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == files
    assert {
        "benchmarks/suites/quick.yaml",
        "benchmarks/run.py",
        "otlvm/harness/suite/published.yaml",
        "otlvm/harness/report/script.js",
        "otlvm/harness/tables/table.html",
        "otlvm/py.typed",
    } < held


def test_the_sdist_holds_the_tests_and_no_results(sdist):
    archive, folder = sdist
    assert archive.stat().st_size < 2**20
    for file in ("tests/conftest.py", "docs/tables.md", "examples/otlvm-energy/suite.yaml"):
        assert (folder / file).is_file()
    kept = {path.name for path in (folder / "results").rglob("*.*")}
    assert kept == {"table.md", "table.csv"}  # what the tests read, and no figure


def test_installed_it_runs_from_anywhere(fresh, tmp_path):
    where = "import otlvm, benchmarks; print(otlvm.__file__, benchmarks.__file__)"
    for file in call(tmp_path, fresh, "-c", where).split():
        assert Path(file).is_relative_to(fresh.parent.parent)
    output = call(tmp_path, fresh, "-m", "benchmarks.run", "quick", "--dry-run")
    assert "10 runs, 10 to compute, into runs/quick" in output


def test_the_plug_in_passes_its_own_tests(fresh, tmp_path):
    shutil.copytree(EXAMPLE / "tests", tmp_path / "tests")
    output = call(tmp_path, fresh, "-m", "pytest", "-q", "-W", "error", "tests")
    assert "5 passed" in output


def test_a_suite_trains_with_the_plug_in(fresh, tmp_path):
    otlvm = fresh.with_name("otlvm")
    few = ("--set", "train.steps=5", "--set", "train.start={name: moments, steps: 5}")
    output = call(tmp_path, otlvm, "run", EXAMPLE / "suite.yaml", *few)
    for divergence in ("imq_mmd", "sliced_energy"):
        assert f"WAE, {divergence}" in output
    assert "WAE, sliced_energy" in (tmp_path / "runs/sliced_energy/table.csv").read_text()


def test_the_oldest_versions_are_those_that_we_declare():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    tested = [Requirement(line) for line in [*project["dependencies"], *extras["test"]]]
    own = [extra for requirement in tested if requirement.name == "otlvm"
           for extra in requirement.extras]  # fmt: skip
    declared = {
        requirement.name: {spec.version for spec in requirement.specifier}
        for requirement in [*tested, *(Requirement(line) for name in own for line in extras[name])]
        if requirement.name not in ("torch", "torchvision", "otlvm")
    }
    lines = (ROOT / ".ci" / "oldest.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    assert {pin.name: {spec.version for spec in pin.specifier} for pin in pins} == declared
