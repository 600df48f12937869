"""From a suite to its runs: grids, labels, overlays, data sets."""

import itertools
import re
import time

import pytest

from otlvm.harness.config import merge
from otlvm.harness.messages import InputError

WAE = "runs:\n  - {label: row, objective: {name: wae, divergence: imq_mmd}}\n"


def get(run, path):
    value = run.config
    for key in path.split("."):
        value = value[key]
    return value


def test_grid_order_and_values(load):
    suite = load(
        "runs:\n"
        "  - label: first\n"
        "    objective: vae\n"
        "  - label: '{weight} {steps}'\n"
        "    objective: {name: wae, divergence: imq_mmd}\n"
        "    grid: {objective.weight: [10, 1.5, 1e-3], train.steps: [5, 6]}\n"
        "seeds: [0, 1]\n"
    )
    rows = suite.runs[2:]
    assert [(run.label, run.seed) for run in rows] == [
        (f"{weight} {steps}", seed)
        for weight, steps, seed in itertools.product(["10", "1.5", "0.001"], [5, 6], [0, 1])
    ]
    assert [(get(run, "objective.weight"), get(run, "train.steps")) for run in rows[::2]] == [
        *((10, 5), (10, 6), (1.5, 5), (1.5, 6), (1e-3, 5), (1e-3, 6))
    ]
    assert {run.config["objective"]["name"] for run in suite.runs[:2]} == {"vae"}


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("'{blur}'", "0.5"),
        ("'{objective.divergence.blur}'", "0.5"),
        ("'{start.steps}'", None),
        ("'{train.start.steps} of {train.steps}'", "2 of 3"),
        ("'blur={blur}, again {blur}'", "blur=0.5, again 0.5"),
        ("null", "wae sinkhorn blur=0.5 steps=3 steps=2"),
    ],
)
def test_labels(load, label, shown):
    added = (
        f"runs:\n  - label: {label}\n    objective: {{name: wae, divergence: sinkhorn}}\n"
        "    grid:\n"
        "      objective.divergence: [{name: sinkhorn}]\n"
        "      objective.divergence.blur: [0.5]\n"
        "      train.steps: [3]\n"
        "      train.start.steps: [2]\n"
    )
    if shown is None:
        with pytest.raises(InputError, match="unknown field"):
            load(added)
    else:
        run = load(added).runs[0]
        assert run.label.replace("divergence=sinkhorn ", "") == shown


def test_label_of_a_field_that_is_a_spec(load):
    suite = load(
        "runs:\n  - label: '{divergence}, {network}'\n    objective: wae\n    grid:\n"
        "      objective.divergence: [imq_mmd, {name: sinkhorn, blur: 1.0}]\n"
        "      model.network: [{name: mlp, hidden: [8]}]\n"
    )
    assert [run.label for run in suite.runs] == ["imq_mmd, mlp", "sinkhorn, mlp"]
    assert get(suite.runs[1], "objective.divergence") == {"name": "sinkhorn", "blur": 1.0}
    assert {str(get(run, "model.network.hidden")) for run in suite.runs} == {"[8]"}


@pytest.mark.parametrize(
    ("entry", "labels"),
    [
        ("objective: {name: wae, divergence: {name: imq_mmd, scales: [1]}}", ["wae imq_mmd"]),
        (
            "grid: {objective: [vae, {name: wae, divergence: imq_mmd}]}",
            ["vae", "wae imq_mmd"],
        ),
        (
            "grid: {objective: [{name: wae, divergence: imq_mmd, weight: 500}, "
            "{name: wae, divergence: {name: energy, on: joint}}]}",
            ["wae(divergence=imq_mmd, weight=500)", "wae(divergence=energy(on=joint))"],
        ),
        (
            "objective: {name: wae}, "
            "grid: {objective.divergence: [imq_mmd, {name: imq_mmd, scales: [1, 2.0]}]}",
            ["wae imq_mmd", "wae imq_mmd(scales=[1, 2])"],
        ),
        (
            "objective: vae, grid: {train: [{steps: 4, compile: true}, {steps: 5, eval_at: []}]}",
            ["vae train=(steps=4, compile=true)", "vae train=(steps=5, eval_at=[])"],
        ),
        (
            "baseline: {name: kmeans, features: {name: umap, of: {name: autoencoder, steps: 3}}}",
            ["kmeans features=umap(of=autoencoder(steps=3))"],
        ),
    ],
)
def test_default_labels_show_no_python(load, entry, labels):
    assert [run.label for run in load(f"runs: [{{{entry}}}]\n").runs] == labels


def test_grid_over_whole_sections(load):
    suite = load(
        "runs:\n  - grid: {objective: [vae, {name: wae, divergence: imq_mmd}], data: [mnist_5k]}\n"
    )
    assert [run.config["objective"] for run in suite.runs] == [
        {"name": "vae"},
        {"name": "wae", "divergence": "imq_mmd"},
    ]
    assert suite.runs[0].config["data"] == {"name": "mnist_5k"}


def test_suite_grid_and_entry_grid(load):
    suite = load(
        "grid: {train.steps: [5, 6], model.prior.dim: [2]}\n"
        "runs:\n"
        "  - {label: 'a {steps}', objective: vae}\n"
        "  - {label: 'b {steps} {beta}', objective: vae, "
        "grid: {train.steps: [7], objective.beta: [1, 2]}}\n"
    )
    assert [run.label for run in suite.runs] == ["a 5", "a 6", "b 7 1", "b 7 2"]
    assert [get(run, "train.steps") for run in suite.runs] == [5, 6, 7, 7]


def test_an_entry_changes_single_fields(load):
    suite = load(
        "objective: {name: wae, weight: 7, divergence: {name: sinkhorn, blur: 0.3}}\n"
        "runs:\n"
        "  - {label: a, objective: {weight: 8}}\n"
        "  - {label: b, objective: {divergence: {blur: 0.4}}, train: {start: {steps: 9}}}\n"
        "  - {label: c, objective: {divergence: imq_mmd}, model: {prior: {components: 2}}}\n"
        "  - {label: d, objective: {name: wae, divergence: {name: rbf_mmd}}}\n"
        "  - {label: e, objective: {name: vae}, model: {prior: standard_normal}}\n"
        "  - {label: f}\n",
    )
    a, b, c, d, e, f = suite.runs
    sinkhorn = {"name": "sinkhorn", "blur": 0.3}
    assert a.config["objective"] == {"name": "wae", "weight": 8, "divergence": sinkhorn}
    assert b.config["objective"]["divergence"] == {"name": "sinkhorn", "blur": 0.4}
    assert b.config["train"]["start"] == {"name": "moments", "steps": 9}
    assert b.config["train"]["batch_size"] == 32
    assert c.config["objective"] == {"name": "wae", "weight": 7, "divergence": "imq_mmd"}
    assert get(c, "model.prior") == {"name": "gaussian_mixture", "components": 2, "dim": 2}
    assert d.config["objective"] == {
        "name": "wae",
        "weight": 7,
        "divergence": {"name": "rbf_mmd"},
    }
    assert e.config["objective"] == {"name": "vae"}
    assert get(e, "model.prior") == {"name": "standard_normal"}
    assert get(e, "model.network.hidden") == [16]
    assert f.config["objective"]["divergence"] == sinkhorn


@pytest.mark.parametrize(
    ("base", "change", "merged"),
    [
        ("imq_mmd", {"scales": [1]}, {"name": "imq_mmd", "scales": [1]}),
        ("imq_mmd", {"name": "imq_mmd", "base": "prior"}, {"name": "imq_mmd", "base": "prior"}),
        ("imq_mmd", {"name": "sinkhorn"}, {"name": "sinkhorn"}),
        ({"name": "a", "x": 1}, {"name": "a", "y": 2}, {"name": "a", "x": 1, "y": 2}),
        ({"name": "a", "x": 1}, {"name": "b", "y": 2}, {"name": "b", "y": 2}),
        ({"name": "a", "x": 1}, {"x": None}, {"name": "a", "x": None}),
        ({"x": {"y": 1, "z": 2}}, {"x": {"y": 3}}, {"x": {"y": 3, "z": 2}}),
        ({"x": [1, 2]}, {"x": [3]}, {"x": [3]}),
        ({"name": "a", "x": 1}, "a", "a"),
        (None, {"x": 1}, {"x": 1}),
    ],
)
def test_merge(base, change, merged):
    before = repr(base), repr(change)
    assert merge(base, change) == merged
    assert (repr(base), repr(change)) == before


def test_baselines_are_told_apart_by_their_parameters(load):
    suite = load("baselines: [kmeans, {name: kmeans, n_init: 3}]\n")
    assert [run.label for run in suite.runs] == ["kmeans", "kmeans n_init=3"]


def test_one_label_stands_for_several_data_sets(load):
    suite = load(
        "grid: {data: [digits, {name: npz, path: a.npz}, {name: npz, path: b.npz}]}\n"
        "seeds: [0, 1]\n" + WAE + "baselines: [kmeans]\n"
    )
    assert len(suite.runs) == 12
    by_label = {run.label: (run.method, run.data) for run in suite.runs}
    assert by_label == {
        f"{method}, {data}": (method, data)
        for method in ("row", "kmeans")
        for data in ("digits", "a", "b")
    }
    assert {run.config["data"]["name"] for run in suite.runs} == {"digits", "npz"}


def test_a_label_of_one_data_set_stays_as_it_is(load):
    runs = load(WAE + "  - {label: other, data: mnist_5k, objective: vae}\n").runs
    assert [(run.label, run.method, run.data) for run in runs] == [
        ("row", "row", "digits"),
        ("other", "other", "mnist_5k"),
    ]


def test_an_entry_may_be_a_baseline(load):
    entry = "runs:\n  - {label: pixels, baseline: kmeans, data: mnist_5k, seeds: [4]}\n"
    (run,) = load(entry).runs
    assert (run.label, run.seed, run.config["baseline"]) == ("pixels", 4, {"name": "kmeans"})
    assert run.config["data"] == {"name": "mnist_5k"}
    assert "objective" not in run.config
    with pytest.raises(InputError, match=r"runs\[0\].train: a baseline has no 'train'"):
        load("runs:\n  - {baseline: kmeans, train: {steps: 3}}\n")


def test_a_label_stands_for_one_config(load):
    entry = "  - {label: row, objective: vae, seeds: [1]}\n"
    with pytest.raises(InputError, match=r"label 'row' is also that of runs\[0\], whose config"):
        load("seeds: [0]\n" + WAE + entry)
    same = "  - {label: row, objective: {name: wae, divergence: imq_mmd}, seeds: [1]}\n"
    assert [run.seed for run in load("seeds: [0]\n" + WAE + same).runs] == [0, 1]


@pytest.mark.parametrize(
    ("added", "line", "key"),
    [
        (
            "runs:\n  - objective: vae\n"
            f"    grid: {{x: &l {list(range(1000))}, y: *l, z: *l, u: *l}}\n",
            9,
            "runs[0].grid",
        ),
        (f"grid: {{x: &l {list(range(1000))}, y: *l}}\n" + WAE, 7, "grid"),
        (f"grid: {{data: {['digits'] * 60_000}}}\nbaselines: [kmeans, gmm]\n", 7, "grid"),
    ],
)
def test_grids_of_too_many_rows_are_refused_before_they_are_built(load, added, line, key):
    with pytest.raises(InputError, match=rf"yaml:{line}: {re.escape(key)}: .* rows, more than the"):
        load(added)


def test_more_seeds_than_can_be_planned_are_refused(load):
    added = f"seeds: {[*range(300)]}\ngrid: {{train.steps: {[*range(4, 404)]}}}\n" + WAE
    with pytest.raises(InputError, match=r"yaml:7: seeds: rows and seeds make 120,000 runs, more"):
        load(added)
    with pytest.raises(InputError, match=r"^--set seeds=\[0, 1, .*: rows and seeds make 100,002 "):
        load("grid: {train.steps: [5, 6]}\n" + WAE, {"seeds": [*range(50_001)]})


def test_a_large_grid_is_expanded_in_seconds(load):
    grid = f"{{objective.weight: {list(range(200))}, train.steps: {list(range(4, 104))}}}"
    started = time.process_time()
    row = "runs: [{label: '{weight} {steps}', objective: {name: wae, divergence: imq_mmd}, grid: "
    assert len(load(f"{row}{grid}}}]\n").runs) == 20_000
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    ("train", "entry", "options", "steps", "epochs"),
    [
        ("steps: 7", "epochs: 2", {}, None, 2),
        ("epochs: 2", "steps: 7", {}, 7, None),
        ("steps: 7", "batch_size: 8", {"train.epochs": 3}, None, 3),
        ("epochs: 2", "batch_size: 8", {"train.steps": 9}, 9, None),
        ("steps: 7", "epochs: 2", {"train.steps": 9}, 9, None),
    ],
)
def test_steps_and_epochs_take_each_other_s_place(load, train, entry, options, steps, epochs):
    added = f"runs:\n  - {{objective: vae, train: {{{entry}}}}}\n"
    (run,) = load(added, options, **{"{steps: 4": f"{{{train}"}).runs
    assert run.config["train"]["epochs"] == epochs
    assert steps is None or run.config["train"]["steps"] == steps


def test_steps_and_epochs_in_one_place_are_refused(load):
    with pytest.raises(InputError, match="steps and epochs say the same"):
        load("runs:\n  - {objective: vae, train: {steps: 4, epochs: 2}}\n")
    gridded = "runs:\n  - {objective: vae, label: '{steps}', grid: {train.steps: [4, 5]}}\n"
    with pytest.raises(InputError, match="steps and epochs say the same"):
        load(gridded, {"train.epochs": 2})
