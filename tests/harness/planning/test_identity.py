"""What is part of a run's id, and what is not."""

import pytest

from otlvm.harness.code.decides import code_identities
from otlvm.harness.planning.parts import prepare
from otlvm.harness.store.record import run_id

WAE = "runs:\n  - {label: row, objective: {name: wae, divergence: imq_mmd}}\n"


def identity(run, data="data", code="code"):
    return run_id({"config": run.config, "seed": run.seed, "data_checksum": data, "code": code})


def identities(suite):
    codes = code_identities(run.config for run in suite.runs)
    pairs = zip(suite.runs, codes, strict=True)
    return {(run.label, run.seed): identity(run, code=code) for run, code in pairs}


ROWS = [
    "  - {label: a, objective: {name: wae, weight: 1, divergence: imq_mmd}}\n",
    "  - {label: b, objective: {name: vae, beta: 2}}\n",
]


def test_identity_ignores_order_and_labels(load):
    one = identities(load("runs:\n" + "".join(ROWS) + "seeds: [0, 1]\n"))
    assert len(set(one.values())) == 4
    assert identities(load("seeds: [1, 0]\nruns:\n" + "".join(ROWS[::-1]))) == one
    relabelled = identities(
        load(
            "runs:\n  - {label: x, objective: {beta: 2, name: vae}}\n"
            "  - {label: y, grid: {objective.weight: [1]}, "
            "objective: {divergence: imq_mmd, name: wae}}\n",
            **{"name: tiny": "name: other", "data: digits": "data: {name: digits}"},
        )
    )
    assert relabelled == {("x", 0): one["b", 0], ("y", 0): one["a", 0]}


@pytest.mark.parametrize(
    "changes",
    [
        {"imq_mmd": "sinkhorn"},
        {"imq_mmd}": "imq_mmd, weight: 1}"},
        {"imq_mmd": "{name: imq_mmd, base: prior}"},
        {"{steps: 4": "{steps: 5"},
        {"{steps: 4": "{precision: bfloat16, steps: 4"},
        {"moments, steps: 2": "moments, steps: 3"},
        {"eval_every: 2": "eval_every: 2, learning_rate: 0.001"},
        {"hidden: [16]": "hidden: [17]"},
        {"components: 3": "components: 2"},
        {"data: digits": "data: {name: digits, split_seed: 1}"},
        {"name: mlp": "name: paper_conv", "hidden: [16], ": ""},
        {"label: row": "label: row, seeds: [1]"},
    ],
    ids=str,
)
def test_identity_depends_on_every_field(load, changes):
    (one,) = identities(load(WAE)).values()
    (two,) = identities(load(WAE, **changes)).values()
    assert one != two


def test_identity_of_older_configs_stays(load):
    """What was added with its old behaviour as default is in no config that leaves it so."""
    (run,) = load(WAE, **{"{steps: 4": "{precision: float32, steps: 4"}).runs
    assert run.config == load(WAE).runs[0].config
    assert "precision" not in run.config["train"]


def test_identity_depends_on_data_and_code(load):
    (run,) = load(WAE).runs
    assert len({identity(run, "a", "b"), identity(run, "a", "c"), identity(run, "b", "b")}) == 3


@pytest.mark.parametrize(
    "divergence", ["own_gap:make", "{name: 'own_gap:make'}"], ids=["name", "mapping"]
)
def test_identity_depends_on_the_code_of_plugins(load, tmp_path, plugins, monkeypatch, divergence):
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "own_gap.py"
    module.write_text("from otlvm.divergences import Sinkhorn as make\n")
    suite = load(WAE, imq_mmd=divergence)
    prepare(suite.runs)
    before = identities(suite)
    assert identities(suite) == before
    module.write_text(module.read_text() + "# another version\n")
    assert identities(suite) != before


def test_identity_ignores_the_code_of_other_plugins(load, tmp_path, plugins, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    before = identities(load(WAE))
    (tmp_path / "own_gap.py").write_text("from otlvm.divergences import Sinkhorn as make\n")
    assert identities(load(WAE)) == before
