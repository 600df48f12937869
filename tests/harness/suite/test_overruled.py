"""What a grid gives is trained: nothing replaces it and leaves its label."""

import pytest

from otlvm.harness.messages import InputError

ROWS = """\
grid: {train.steps: [3, 4]}
runs:
  - label: "{divergence} of {steps}"
    objective: {name: wae}
    grid: {objective.divergence: [{name: sinkhorn, blur: 0.1}, {name: sinkhorn, p: 1}]}
"""


@pytest.mark.parametrize(
    ("path", "value", "at"),
    [
        ("train.steps", 5, "suite.yaml:7: grid.train.steps"),
        ("train", {"steps": 5}, "suite.yaml:7: grid.train.steps"),
        ("objective.divergence", "energy", "suite.yaml:11: runs[0].grid.objective.divergence"),
        ("objective", "vae", "suite.yaml:11: runs[0].grid.objective.divergence"),
        ("objective.divergence.blur", 0.5, "runs[0].grid.objective.divergence"),
        ("objective.divergence.name", "energy", "runs[0].grid.objective.divergence"),
    ],
)
def test_an_option_that_would_replace_a_grid_is_refused(load, path, value, at):
    with pytest.raises(InputError) as caught:
        load(ROWS, {path: value})
    assert at in caught.value.message
    assert f"--set {path}=" in caught.value.message
    assert "change the grid" in caught.value.message


def test_an_option_beside_or_below_a_grid_is_set(load):
    runs = load(ROWS, {"train.batch_size": 16, "objective.divergence.scaling": 0.8}).runs
    assert [run.label for run in runs] == [
        f"sinkhorn({own}) of {steps}" for steps in (3, 4) for own in ("blur=0.1", "p=1")
    ]
    assert {run.config["train"]["batch_size"] for run in runs} == {16}
    assert [run.config["objective"]["divergence"]["scaling"] for run in runs] == 4 * [0.8]


def test_the_place_of_data_may_be_set_beside_a_grid_of_data(load):
    grid = "grid: {data: [mnist, fashion_mnist]}\nruns: [{label: a, objective: vae}]\n"
    runs = load(grid, {"data.root": "/there"}).runs
    assert [run.config["data"]["root"] for run in runs] == ["/there", "/there"]
    assert [run.data for run in runs] == ["mnist", "fashion_mnist"]
    with pytest.raises(InputError, match="--set data=digits would overrule"):
        load(grid, {"data": "digits"})


def test_a_baseline_is_not_asked_of_grids_over_training(load):
    with_baseline = "baselines: [kmeans]\ngrid: {train.steps: [3]}\n"
    assert [run.label for run in load(with_baseline, {"train.steps": 5}).runs] == ["kmeans"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("objective.divergence.blur: [0.1, 0.2]", "objective.divergence: [energy]"),
        ("objective.divergence: [{name: sinkhorn, blur: 0.1}]", "objective.divergence.blur: [1]"),
    ],
)
def test_a_field_of_a_grid_that_replaces_another_is_refused(load, first, second):
    row = "runs: [{objective: {name: wae, divergence: sinkhorn}, grid: {%s, %s}}]\n"
    with pytest.raises(InputError, match="and replaces what that gives"):
        load(row % (first, second))
