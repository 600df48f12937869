"""The JSON Schema takes what the loader takes, and tells typical errors."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from otlvm.harness.commands.schema import main
from otlvm.harness.json_schema.page import to_markdown
from otlvm.harness.json_schema.specs import described, read_docstring
from otlvm.harness.json_schema.suite import suite_schema
from otlvm.harness.messages import InputError
from otlvm.harness.registries import REGISTRIES
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.yaml import YamlFile

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "benchmarks" / "suites").rglob("*.yaml"))


@pytest.fixture(scope="module")
def validator():
    schema = suite_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", [*SHIPPED, *sorted((ROOT / "results").glob("*/*.lock.yaml"))])
def test_shipped_suites_validate(path, validator):
    assert not [error.message for error in validator.iter_errors(YamlFile(path).content)]


def test_a_suite_with_everything_validates(suite_of_nine, validator):
    assert not [error.message for error in validator.iter_errors(YamlFile(suite_of_nine).content)]


WELL = {
    "own metric": "{metrics: ['mine:Mine'], table: {metrics: [mine, accuracy], order: mine}}",
    "own metric with parameters": "{metrics: [flops, {name: 'mine:Mine', k: 3}], "
    "table: {metrics: [{name: mine, digits: 1}]}}",
    "our metrics": "{metrics: [{name: nll_iw, samples: 3}, flops], table: {metrics: [nll_iw]}}",
    "own class": "objective: {name: wae, divergence: {name: 'mine:Mine', power: 2}}",
    "own bare class": "objective: {name: wae, divergence: 'mine.deep:Mine'}",
    "bare names": "{objective: wae, grid: {objective.divergence: [energy]}}",
    "a change": "{runs: [{objective: {weight: 3, divergence: {on: joint}}}]}",
    "a changed start": "{runs: [{train: {start: {steps: 3}}}]}",
    "a precision": "{grid: {train.precision: [float32, bfloat16]}}",
    "a nested grid": "{grid: {objective.divergence.on: [joint], train.steps: [1, 2]}}",
    "a grid over one's own": "{grid: {objective.divergence.power: [1, 2]}}",
    "features": "{baselines: [{name: kmeans, features: autoencoder}, gmm]}",
    "published": "{published: [VaDE]}",
    "all published": "{published: all}",
    "claims": "{claims: [accuracy of GM-WAE >= 0.65, kl_z of A at step 1 > 9 * kl_z of B]}",
    "trackers": "{track: [tensorboard, {name: mlflow, experiment: mine}, 'mine:Tracker']}",
    "figures": "{figures: [{name: collapse, rows: [GM-VAE]}]}",
    "nested features": "{baselines: [{name: kmeans, features: {name: umap, of: pixels}}]}",
    "steps": "{execution: {checkpoint_every: 500, timeout: 1.5 h}}",
    "whole numbers are numbers": "{objective: {name: wae, weight: 500, divergence: imq_mmd}}",
}
ILL = {
    "unknown key": "{objectives: wae}",
    "unknown name": "{data: mnits}",
    "unknown nested name": "{objective: {name: wae, divergence: {name: imq_mdm}}}",
    "unknown parameter": "{objective: {name: wae, wieght: 3}}",
    "unknown nested parameter": "{objective: {name: wae, divergence: {name: imq_mmd, blur: 1}}}",
    "parameter of another": "{model: {prior: {name: standard_normal, sigma: 3.0}}}",
    "unknown changed parameter": "{runs: [{objective: {wieght: 3}}]}",
    "no name": "{objective: {weight: 3}}",
    "wrong type": "{train: {steps: many}}",
    "wrong type of a parameter": "{data: {name: mnist_5k, test_fraction: half}}",
    "wrong choice": "{objective: {name: wae, divergence: {name: energy, on: both}}}",
    "out of range": "{train: {steps: 0}}",
    "unknown precision": "{train: {precision: float16}}",
    "unknown field of a grid": "{grid: {train.stepz: [1]}}",
    "empty grid": "{grid: {objective.beta: []}}",
    "wrong value in a grid": "{grid: {objective.beta: [low, high]}}",
    "unknown metric": "{table: {metrics: [acuracy]}}",
    "unknown order": "{table: {order: acuracy}}",
    "unknown metric beside ours": "{metrics: [flops], table: {metrics: [acuracy]}}",
    "unknown metric to measure": "{metrics: [flosp]}",
    "unknown parameter of a metric": "{metrics: [{name: nll_iw, sample: 3}]}",
    "no claim": "{claims: [accuracy is high]}",
    "unknown method": "{published: [VaED]}",
    "unknown figure": "{figures: [{name: colapse, rows: [GM-VAE]}]}",
    "unknown tracker": "{track: [tensorbored]}",
    "duration": "{execution: {timeout: soon}}",
}


def read(text, tmp_path):
    path = tmp_path / "part.yaml"
    path.write_text(text)
    return path, YamlFile(path).content


@pytest.mark.parametrize("text", WELL.values(), ids=WELL)
def test_what_the_loader_takes_validates(text, tmp_path, validator):
    _, content = read(text, tmp_path)
    assert not [error.message for error in validator.iter_errors(content)]


@pytest.mark.parametrize("text", ILL.values(), ids=ILL)
def test_typical_errors_do_not_validate(text, tmp_path, validator):
    path, content = read(text, tmp_path)
    assert not validator.is_valid(content)
    with pytest.raises(InputError):
        load_suite(path)


def test_every_parameter_of_every_name_is_described(validator):
    definitions = validator.schema["$defs"]
    for registry in REGISTRIES:
        for name in registry:
            schema = definitions[f"{registry.kind}.{name}"]
            assert schema["description"] == registry.summary(name)
            for key in registry.parameters(name):
                field = schema["properties"][key]
                assert field["description"], f"{registry.kind} {name}: {key}"
                assert {"type", "enum", "anyOf", "$ref"} & set(field)


def test_every_key_is_described(validator):
    schema = validator.schema
    for part in (schema, *(schema["$defs"][key] for key in ("Entry", "Train", "TableOptions"))):
        assert all(field["description"] for field in part["properties"].values())


def test_defaults_are_those_of_the_constructors(validator):
    definitions = validator.schema["$defs"]
    wae = definitions["objective.wae"]["properties"]
    assert wae["weight"]["default"] == 500
    assert wae["expectation"]["default"] == "exact"
    assert "default" not in wae["divergence"]
    assert definitions["baseline.kmeans"]["properties"]["features"]["default"] == "pixels"
    assert definitions["network.mlp"]["properties"]["hidden"]["default"] == [512, 512]


def test_a_plugin_that_cannot_be_imported_keeps_its_name(monkeypatch):
    from importlib.metadata import EntryPoint

    from otlvm.priors import priors

    point = EntryPoint("broken", "no_such_module:Prior", "otlvm.priors")
    monkeypatch.setattr(priors, "plugins", lambda: {"broken": point})
    validator = Draft202012Validator(suite_schema())
    assert validator.is_valid({"model": {"prior": {"name": "broken", "any": 1}}})
    assert "no_such_module" in validator.schema["$defs"]["prior.broken"]["description"]


def test_the_command_prints_schema_and_page(validator, capsys):
    assert main([]) == 0
    assert json.loads(capsys.readouterr().out) == validator.schema
    assert main(["--markdown"]) == 0
    page = capsys.readouterr().out
    for registry in REGISTRIES:
        for name in registry:
            assert f"### `{name}`" in page


def test_no_formula_of_a_docstring_reaches_editors_or_page_as_markup():
    class Root:
        r"""The square :math:`x^2`.

        Args:
            gap: The cost :math:`|x - y|` of :math:`\epsilon`, a|b.
        """

    docs = read_docstring(Root)
    assert docs.short_description == "The square $x^2$."
    about = described(docs)["gap"]
    assert about == r"The cost $|x - y|$ of $\epsilon$, a|b."
    schema = suite_schema()
    assert ":math:" not in json.dumps(schema)
    schema["$defs"]["Lock"]["properties"]["threads"]["description"] = about
    page = to_markdown(schema)
    assert r"The cost $\vert x - y\vert $ of $\epsilon$, a\|b. |" in page
    for row in (line for line in page.splitlines() if line.startswith("|")):
        assert len(re.findall(r"(?<!\\)\|", row)) == 5, row
