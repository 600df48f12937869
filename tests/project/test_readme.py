"""The code in README and CONTRIBUTING runs as it is printed."""

import re
import sys
from pathlib import Path

import pytest
import torch

from otlvm.divergences import divergences
from otlvm.latents import MixturePosterior
from otlvm.priors import GaussianMixture
from tests.support import blocks

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("file", "cls"), [("README.md", "MeanGap"), ("CONTRIBUTING.md", "Energy")])
def test_a_divergence_of_ones_own(file, cls, tmp_path, monkeypatch):
    (source,) = (block for block in blocks(file, "python") if "SampleDivergence" in block)
    (tmp_path / f"my_{cls.lower()}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    divergence = divergences.build(f"my_{cls.lower()}:{cls}")
    prior = GaussianMixture(components=3, dim=2)
    torch.manual_seed(0)
    z = prior.sample_components(200)
    near, far = (
        float(divergence(MixturePosterior(torch.zeros(200, 3), moved, moved, moved), prior))
        for moved in (z, z + 2)
    )
    assert abs(near) < 0.2 < far


def test_energy_of_contributing_is_the_energy_distance(tmp_path, monkeypatch):
    from scipy.stats import energy_distance

    (source,) = blocks("CONTRIBUTING.md", "python")
    (tmp_path / "my_energy_1d.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    divergence = divergences.build("my_energy_1d:Energy")
    x, y = torch.randn(30, 1).double(), 1 + torch.randn(20, 1).double()
    a, b = torch.rand(30).double(), torch.rand(20).double()
    found = divergence.between(x, a / a.sum(), y, b / b.sum())
    expected = energy_distance(x[:, 0], y[:, 0], a, b) ** 2
    assert float(found) == pytest.approx(expected, rel=1e-4)


def test_the_library_example(capsys):
    (source,) = (block for block in blocks("README.md", "python") if "import otlvm" in block)
    torch.manual_seed(0)
    names: dict[str, object] = {}
    exec(compile(source, "README.md", "exec"), names)
    assert "accuracy_hungarian" in capsys.readouterr().out
    assert names["images"].shape == (8, 784)


def test_every_name_in_the_readme_exists():
    from otlvm.harness.registries import REGISTRIES

    table = (ROOT / "README.md").read_text().partition("| kind | names |")[2]
    rows = [line for line in table.splitlines() if line.startswith("| ")][: len(REGISTRIES)]
    for registry, row in zip(REGISTRIES, rows, strict=True):
        assert registry.kind.replace("dataset", "data set") in row
        named = set(re.findall(r"`(\w+)`", row))
        assert named == set(registry), registry.kind


def test_library_never_imports_the_harness():
    for file in (ROOT / "otlvm").rglob("*.py"):
        assert "import benchmarks" not in file.read_text(), file
        assert "from benchmarks" not in file.read_text(), file
    assert sys.modules["otlvm"]


def test_the_readme_shows_the_table_that_the_suite_printed():
    printed = (ROOT / "results" / "quick" / "table.md").read_text().splitlines()
    rows = [line for line in printed if line.startswith("|")]
    assert len(rows) >= 5
    assert "\n".join(rows) in (ROOT / "README.md").read_text()


def test_the_sections_in_the_docs_are_a_suite_s(write_suite):
    from otlvm.harness.suite.load import load_suite

    objective = "objective: {name: wae, weight: 9, divergence: imq_mmd}"
    rows = [f"{{label: {label}, {objective}}}" for label in ("GM-WAE", "beta=1")]
    sections = "".join(blocks("docs/tables.md", "yaml"))
    suite = load_suite(write_suite(f"runs: [{', '.join(rows)}]\n" + sections))
    assert len(suite.claims) == 5
    assert [metric.title for metric in suite.table.chosen()] == ["accuracy", "BCE (nats)"]
    assert len({run.data for run in suite.runs}) == 3
    assert {row.method for row in suite.published} == {"K-means", "VaDE"}
    (limits,) = (block for block in blocks("docs/running.md", "yaml"))
    assert load_suite(write_suite("baselines: [kmeans]\n" + limits)).limits.timeout == 7200
