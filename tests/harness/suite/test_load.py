"""A suite file, loaded: its sections, --set and seeds, limits."""

import pytest

from otlvm.harness.code.decides import code_identities
from otlvm.harness.job import Limits
from otlvm.harness.messages import InputError
from otlvm.harness.store.record import run_id

WAE = "runs:\n  - {label: row, objective: {name: wae, divergence: imq_mmd}}\n"


def get(run, path):
    value = run.config
    for key in path.split("."):
        value = value[key]
    return value


def identity(run, data="data", code="code"):
    return run_id({"config": run.config, "seed": run.seed, "data_checksum": data, "code": code})


def identities(suite):
    codes = code_identities(run.config for run in suite.runs)
    pairs = zip(suite.runs, codes, strict=True)
    return {(run.label, run.seed): identity(run, code=code) for run, code in pairs}


def test_the_suite_s_sections_reach_every_run(load):
    suite = load(WAE + "baselines: [kmeans]\nseeds: [3, 1]\n")
    assert suite.name == "tiny"
    assert [(run.label, run.seed) for run in suite.runs] == [
        *(("row", 3), ("row", 1)),
        *(("kmeans", 3), ("kmeans", 1)),
    ]
    trained, *_, clustered = suite.runs
    assert trained.config == {
        "data": {"name": "digits"},
        "model": {
            "network": {"name": "mlp", "hidden": [16], "component_hidden": [8]},
            "prior": {"name": "gaussian_mixture", "components": 3, "dim": 2},
            "inference": {"name": "mirror"},
            "likelihood": {"name": "bernoulli"},
        },
        "objective": {"name": "wae", "divergence": "imq_mmd"},
        "train": {
            "steps": 4,
            "epochs": None,
            "batch_size": 32,
            "learning_rate": 5e-4,
            "optimizer": {"name": "adam"},
            "rates": {},
            "schedule": {"name": "constant"},
            "clip": None,
            "stop": None,
            "eval_every": 2,
            "eval_at": [],
            "snapshots": [],
            "compile": False,
            "start": {"name": "moments", "steps": 2},
        },
    }
    assert clustered.config == {
        "data": trained.config["data"],
        "model": trained.config["model"],
        "baseline": {"name": "kmeans"},
    }


def test_name_of_the_file(load):
    assert load(WAE, **{"name: tiny\n": ""}).name == "suite"
    assert load(WAE, {"name": "other"}).name == "other"


def test_set_has_the_last_word(load):
    suite = load(
        "runs:\n  - {label: a, objective: vae, train: {steps: 7}}\n"
        "  - {label: 'b {clip}', objective: vae, grid: {train.clip: [8]}, train: {steps: 8}}\n"
        "baselines: [kmeans]\n",
        {"train.steps": 9, "model.prior.components": 2, "data": "mnist_5k"},
    )
    assert [get(run, "train.steps") for run in suite.runs[:2]] == [9, 9]
    assert [get(run, "model.prior.components") for run in suite.runs] == [2, 2, 2]
    assert [run.config["data"] for run in suite.runs] == [{"name": "mnist_5k"}] * 3


@pytest.mark.parametrize(
    ("field", "value", "path", "result"),
    [
        ("model.prior", "standard_normal", "model.prior", {"name": "standard_normal"}),
        ("model", {"prior": "standard_normal"}, "model.network", {"name": "mlp"}),
        ("data", {"name": "digits", "split_seed": 3}, "data.split_seed", 3),
        ("data.split_seed", 3, "data", {"name": "digits", "split_seed": 3}),
    ],
)
def test_set_reaches_baselines_as_it_reaches_runs(load, field, value, path, result):
    suite = load(WAE + "baselines: [kmeans]\n", {field: value})
    assert [get(run, path) for run in suite.runs] == [result, result]


def test_seeds_of_an_entry(load):
    added = (
        "runs:\n  - {label: a, objective: vae, seeds: [5]}\n  - {label: b, objective: vae}\n"
        "seeds: [0, 1]\n"
    )
    assert [(run.label, run.seed) for run in load(added).runs] == [("a", 5), ("b", 0), ("b", 1)]


def test_set_seeds_has_the_last_word(load):
    added = (
        "runs:\n  - {label: a, objective: vae, seeds: [5]}\n  - {label: b, objective: vae}\n"
        "seeds: [0, 1]\nbaselines: [kmeans]\n"
    )
    suite = load(added, {"seeds": [2]})
    assert [(run.label, run.seed) for run in suite.runs] == [("a", 2), ("b", 2), ("kmeans", 2)]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90 s", 90), ("5min", 300), ("1.5 h", 5400), ("0.5 s", 0.5)]
)
def test_durations(load, text, seconds):
    suite = load(WAE + f"execution: {{timeout: {text}, checkpoint_every: {text}}}\n")
    assert suite.limits.timeout == suite.limits.checkpoint_seconds == seconds


def test_limits_decide_no_result(load):
    plain = load(WAE)
    limited = load(WAE, {"execution.checkpoint_every": 7, "execution.memory_mb": 4000})
    assert plain.limits == Limits(None, None, None, 60.0)
    assert limited.limits == Limits(None, 4000, 7, None)
    assert identities(plain) == identities(limited)


@pytest.mark.parametrize(
    "section", ["{timeout: 5}", "{timeout: 5 days}", "{checkpoint_every: 0}", "{timout: 5 s}"]
)
def test_wrong_limits(load, section):
    with pytest.raises(InputError, match=r"suite\.yaml:\d+: execution\."):
        load(WAE + f"execution: {section}\n")
