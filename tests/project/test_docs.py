"""The code in the documentation runs as it is printed, and its suites are suites.

A block with a title is a file. ``<!-- exits with 1 -->`` before a block of commands says so, and
``<!-- not tested -->`` leaves a block out.
"""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from otlvm.harness.commands.main import main as otlvm_command

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
TUTORIALS = [page for page in PAGES if page.parent.name == "tutorials"]
FENCE = re.compile(r"(?:^<!-- (.+) -->\n)?^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TESTED_ELSEWHERE = (
    "tables.md",
    "running.md",
    "figures.md",
)  # by what they say


def blocks(page):
    """Return language, title, exit code and text of each block that is tested."""
    for comment, language, attributes, text in FENCE.findall(page.read_text(encoding="utf-8")):
        title, code = re.search(r'title="(.+?)"', attributes), re.search(r"\d+", comment)
        if comment != "not tested":
            yield language, title and title[1], int(code[0]) if code else 0, text


@pytest.fixture
def follow(tmp_path, monkeypatch, plugins, run_main):
    """Do what a page says, in an empty folder; returns its Python names.

    Commands run in this process, so that torch is imported once.
    """
    monkeypatch.syspath_prepend(tmp_path)

    def command(line):
        program, *words = shlex.split(line)
        if program == "otlvm":
            return run_main(*words[1:])[0] if words[0] == "run" else otlvm_command(words)
        dash_m, module, *arguments = words
        assert (program, dash_m) == ("python", "-m")
        name = f"{module}.__main__" if (ROOT / module.replace(".", "/")).is_dir() else module
        return importlib.import_module(name).main(arguments)

    def run(page):
        names = {"__name__": page.stem}
        for language, title, code, text in blocks(page):
            if title:
                (tmp_path / title).write_text(text)
                importlib.invalidate_caches()
            elif language == "python":
                exec(compile(text, str(page), "exec"), names)
            elif language == "bash":
                for line in text.splitlines():
                    assert command(line) == code, line
        return names

    return run


@pytest.fixture(autouse=True)
def _one_seed():
    import torch

    torch.manual_seed(0)


def test_train_and_look(follow, tmp_path):
    names = follow(ROOT / "docs/tutorials/train.md")
    assert names["scores"]["components_used"] > 9
    assert names["usage"]["components_used"] < 6
    rows = names["history"].rows
    assert rows[-1]["reconstruction"] < rows[0]["reconstruction"]
    assert names["samples"].shape == (8, 64)
    assert names["path"].shape == (10, 64)
    assert names["restored"].decode(names["modes"]).equal(names["model"].decode(names["modes"]))


def test_your_own_divergence(follow, capsys):
    names = follow(ROOT / "docs/tutorials/divergence.md")
    assert names["history"].steps == 20
    assert names["objective"].divergence.covariance == 0.5
    assert "no gradient reaches the logits of q(k|x)" in capsys.readouterr().out


def test_a_suite_and_its_report(follow, tmp_path):
    names = follow(ROOT / "docs/tutorials/suite.md")
    assert len(names["runs"]) == 8
    assert len(names["table"]) == 4
    assert set(names["runs"]["status"]) == {"done"}
    assert names["images"].shape == (4, 64)
    report = (tmp_path / "runs/first/report.html").read_text(encoding="utf-8")
    assert "GM-WAE" in report
    assert "components_used of GM-WAE" in report


def test_a_prior_on_a_sphere(follow):
    """Its draws have the mean cosine of the source, and its responsibilities are calibrated."""
    import torch

    names = follow(ROOT / "docs/extending.md")
    rows, prior = names["history"].rows, names["model"].prior.double()
    assert rows[-1]["divergence"] < rows[0]["divergence"]
    z, k = prior.sample_with_components(40_000)
    torch.testing.assert_close(z.norm(dim=1), torch.ones_like(z[:, 0]), rtol=0, atol=1e-4)
    cosines = (z * prior.centres[k]).sum(1)
    assert float(cosines.mean()) == pytest.approx(20 / (20 + prior.dim - 1), abs=0.005)
    shares = prior.responsibilities(z)
    for low in (0.05, 0.3, 0.7):  # of draws that are said to be of component 0 with about p
        near = (shares[:, 0] - low).abs() < 0.05
        assert float((k[near] == 0).double().mean()) == pytest.approx(
            float(shares[near, 0].mean()), abs=0.08
        )


OTHERS = [
    page
    for page in PAGES
    if page not in TUTORIALS and "```python" in page.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("page", OTHERS, ids=lambda p: p.stem)
def test_python_of_other_pages(page, follow):
    follow(page)


WITH_YAML = [
    page
    for page in PAGES
    if page.name not in TESTED_ELSEWHERE and "```yaml" in page.read_text(encoding="utf-8")
]


@pytest.fixture(scope="module")
def validator():
    from jsonschema import Draft202012Validator

    from otlvm.harness.json_schema.suite import suite_schema

    return Draft202012Validator(suite_schema())


@pytest.mark.parametrize("page", WITH_YAML, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_yaml_is_of_a_suite(page, tmp_path, validator):
    from otlvm.harness.suite.load import load_suite
    from otlvm.harness.suite.yaml import YamlFile

    for text in (text for language, *_, text in blocks(page) if language == "yaml"):
        path = tmp_path / "part.yaml"
        path.write_text(text)
        content = YamlFile(path).content
        assert not [error.message for error in validator.iter_errors(content)], text
        if "runs" in content or "baselines" in content:
            load_suite(path)
        else:  # a section: of a suite with one run
            rest = [k for k in ("data", "objective", "train", "model") if k not in content]
            lines = {"data": "data: digits", "objective": "objective: vae"}
            added = "\n".join(lines[key] for key in rest if key in lines)
            path.write_text(f"{text}\n{added}\nruns: [{{}}]\n")
            load_suite(path)


def test_every_name_has_an_equation_and_its_source():
    from otlvm.divergences import KernelMMD, divergences
    from otlvm.expectations import expectations
    from otlvm.inference import inferences
    from otlvm.objectives import objectives
    from otlvm.priors import priors

    for registry in (priors, divergences, objectives, expectations, inferences):
        for name in registry:
            docs = registry.get(name).__doc__
            assert ".. math::" in docs, name
            assert re.search(r"\bSources?:", docs), name
    assert ".. math::" in KernelMMD.__doc__
