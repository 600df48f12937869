import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads of small tests only wait for each other

import importlib
import sys
from pathlib import Path

import pytest

SUITE = """
name: tiny
data: digits
model:
  network: {name: mlp, hidden: [16], component_hidden: [8]}
  prior: {name: gaussian_mixture, components: 3, dim: 2}
train: {steps: 4, batch_size: 32, eval_every: 2, pretrain: {steps: 2}}
"""


@pytest.fixture
def write_suite(tmp_path):
    """Write a small suite file, with the given text replaced and lines added."""

    def write(added="", changes=None):
        text = SUITE + added
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "suite.yaml"
        path.write_text(text.lstrip("\n"))
        return path

    return write


@pytest.fixture
def run_main(monkeypatch, tmp_path, capsys):
    """Call the command line in this process, in tmp_path; returns exit code, output and errors."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 50)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        from benchmarks.run import main

        importlib.invalidate_caches()
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    yield run
    for name, module in list(sys.modules.items()):  # plug-ins that a suite imported
        if Path(getattr(module, "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]
