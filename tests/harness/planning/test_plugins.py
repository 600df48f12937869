"""Plug-ins: found, run again when they change."""

import os
import re

import pandas as pd
import pytest

from tests.support import GAP, python, records, row

CONSTRUCTOR = """\

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor
"""


FACTOR_GAP = GAP.replace('means."""\n\n    def', f'means."""\n{CONSTRUCTOR}\n    def')


@pytest.mark.parametrize(
    ("code", "divergence"),
    [(GAP, "'my_divergence:MeanGap'"), (FACTOR_GAP, "{name: 'my_divergence:MeanGap', factor: 2}")],
    ids=["without constructor", "with constructor"],
)
def test_own_divergence_beside_the_suite(run_main, write_suite, tmp_path, code, divergence):
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "my_divergence.py").write_text(code)
    suite = write_suite("runs:\n" + row("gap", divergence) + row("imq", "imq_mmd"))
    suite = suite.rename(folder / suite.name)
    exit_code, output, errors = run_main(suite, "--out", tmp_path / "out")
    assert (exit_code, errors.count("done")) == (0, 2)
    assert re.search(r"^ gap +1 +0\.\d", output, re.MULTILINE)
    found = records(tmp_path / "out")
    curves = pd.read_csv(tmp_path / "out/runs" / found["gap", 0]["id"] / "curves.csv")
    assert (curves["divergence"] > 0).all()
    assert found["gap", 0]["metrics"]["bce"] != found["imq", 0]["metrics"]["bce"]


@pytest.mark.parametrize("form", ["'{}'", "{{name: '{}'}}"], ids=["name", "mapping"])
def test_changed_plugin_is_run_again(run_main, write_suite, tmp_path, form):
    module = tmp_path / "my_divergence.py"
    module.write_text(FACTOR_GAP)
    suite = write_suite("runs:\n" + row("gap", form.format("my_divergence:MeanGap")))
    run_main(suite, "--out", tmp_path / "out")
    assert "done  " in run_main(suite, "--out", tmp_path / "out", "--dry-run")[1]
    module.write_text(FACTOR_GAP.replace("a @ x", "2 * a @ x"))
    assert "done  " not in run_main(suite, "--out", tmp_path / "out", "--dry-run")[1]


PROJECT = """\
[build-system]
requires = ["setuptools>=70.1"]
build-backend = "setuptools.build_meta"

[project]
name = "mean-gap"
version = "1.0"

[project.entry-points."otlvm.divergences"]
mean_gap = "mean_gap_plugin:MeanGap"

[tool.setuptools]
py-modules = ["mean_gap_plugin"]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder into which pip has installed a package with a divergence."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(PROJECT)
    (source / "mean_gap_plugin.py").write_text(FACTOR_GAP)
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--target", target]
    try:
        import setuptools

        if int(setuptools.__version__.partition(".")[0]) > 70:
            options.append("--no-build-isolation")
    except ImportError:
        pass  # pip fetches it
    process = python("-m", "pip", "install", *options, source)
    assert process.returncode == 0, process.stderr
    return target


def test_installed_plugin(site, write_suite, run_main, monkeypatch, tmp_path):
    suite = write_suite(
        "runs:\n" + row("installed", "{name: mean_gap, factor: 3}") + "baselines: [kmeans]\n"
    )
    out = tmp_path / "out"
    path = os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    process = python("-m", "benchmarks.run", suite, "--out", out, PYTHONPATH=path)
    assert process.returncode == 0, process.stderr
    assert re.search(r"^ installed +1 +0\.\d", process.stdout, re.MULTILINE)
    assert records(out)["installed", 0]["status"] == "done"
    monkeypatch.syspath_prepend(site)
    listed = run_main("--list")[1]
    assert "  mean_gap: Squared distance of the clouds' means." in listed
    assert "factor: float = 1.0" in listed
    # A new version of the package makes its results, and no others, out of date.
    plan = run_main(suite, "--out", out, "--dry-run")[1]
    assert plan.count("done  ") == 2
    module = site / "mean_gap_plugin.py"
    module.write_text(FACTOR_GAP.replace("a @ x", "2 * a @ x"))
    plan = run_main(suite, "--out", out, "--dry-run")[1]
    assert plan.count("done  ") == 1
    assert re.search(r"^to do .*installed, seed 0", plan, re.MULTILINE)


@pytest.mark.parametrize("code", ["import nowhere_at_all", "raise OSError('no licence')", ""])
def test_broken_installed_plugin(run_main, write_suite, monkeypatch, tmp_path, code):
    folder = tmp_path / "site/broken-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[otlvm.divergences]\nbroken = broken_gap:Gap\n")
    (tmp_path / "site/broken_gap.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path / "site")
    code, output, errors = run_main("--list")
    assert code == 0
    assert "imq_mmd: " in output
    assert "kmeans: " in output
    assert "broken" in output + errors
    suite = write_suite("runs:\n" + row("a", "imq_mmd"))  # does not ask for it
    assert run_main(suite, "--dry-run")[0] == 0
    code, _, errors = run_main(suite, "--dry-run", "--set", "objective.divergence=broken")
    assert code == 2
    assert "--setobjective.divergence=broken:" in "".join(errors.split())
    assert "broken_gap" in errors
