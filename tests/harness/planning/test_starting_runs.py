import json
import time

import numpy as np
import pytest
import torch

from otlvm import load
from otlvm.harness.messages import InputError
from otlvm.harness.planning.jobs import resolve, with_starts
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import load_suite
from otlvm.harness.suite.predecessors import MOST_AHEAD

CHAIN = """\
seeds: [0, 3]
runs:
  - {label: third, objective: {name: vae, beta: 2}, train: {start: {name: trained, run: second}}}
  - {label: second, objective: vae, train: {steps: 2, start: {name: trained, run: first}}}
  - {label: first, objective: {name: wae, divergence: imq_mmd}}
baselines: [kmeans]
"""


def record(store, label, seed=0):
    cells = store.manifest()["runs"]
    [cell] = [cell for cell in cells if (cell["label"], cell["seed"]) == (label, seed)]
    return store.record(cell["id"])


@pytest.mark.parametrize("jobs", [0, 2])
def test_runs_wait_for_the_models_they_start_from(write_suite, run_main, tmp_path, jobs):
    options = ("--out", tmp_path / "out", "--jobs", str(jobs), "--set", "seeds=[0]")
    code, _, errors = run_main(write_suite(CHAIN), *options)
    assert code == 0, errors
    store = Store(tmp_path / "out")
    ids = {label: record(store, label)["id"] for label in ("first", "second", "third")}
    start = record(store, "third")["config"]["train"]["start"]
    assert start == {"name": "trained", "run": ids["second"]}
    finished = [record(store, label)["finished"] for label in ("first", "second", "third")]
    assert finished == sorted(finished)
    assert not list(store.work.iterdir())


def test_training_goes_on_from_the_other_model(write_suite, run_main, tmp_path):
    """With a learning rate of nearly nothing the trained parameters stay as they were."""
    still = CHAIN.replace("train: {steps: 2, start", "train: {learning_rate: 1e-12, start")
    assert run_main(write_suite(still), "--out", tmp_path / "out", "--only", "second")[0] == 0
    store = Store(tmp_path / "out")
    models = [
        load(store.runs / record(store, label)["id"] / "model") for label in ("first", "second")
    ]
    for name, parameter in models[0].named_parameters():
        torch.testing.assert_close(parameter, models[1].get_parameter(name), rtol=0, atol=1e-9)


def test_only_brings_what_a_row_starts_from(write_suite, run_main, tmp_path):
    path = write_suite(CHAIN)
    assert run_main(path, "--out", tmp_path / "a", "--only", "second", "--set", "seeds=[3]")[0] == 0
    labels = [cell["label"] for cell in Store(tmp_path / "a").manifest()["runs"]]
    assert labels == ["second", "first"]
    code, output, _ = run_main(path, "--out", tmp_path / "a", "--shard", "3/9", "--dry-run")
    assert code == 0
    assert "3 runs" in output


def test_a_failed_start_fails_what_starts_from_it(write_suite, run_main, tmp_path):
    (tmp_path / "broken.py").write_text(
        "from otlvm.objectives import VAE\n"
        "class Broken(VAE):\n"
        "    def forward(self, model, x):\n"
        "        raise RuntimeError('no')\n"
    )
    objective = '{name: "broken:Broken"}'
    path = write_suite(CHAIN.replace("{name: wae, divergence: imq_mmd}", objective))
    only = ("--out", tmp_path / "out", "--set", "seeds=[3]")
    assert run_main(path, *only)[0] == 1
    store = Store(tmp_path / "out")
    assert "no" in record(store, "first", 3)["reason"]
    reason = record(store, "second", 3)["reason"]
    assert reason == "no model to start from: first, seed 3, is failed"
    assert "second" in record(store, "third", 3)["reason"]
    (tmp_path / "broken.py").write_text("from otlvm.objectives import VAE as Broken\n")
    mended = write_suite(CHAIN)
    assert run_main(mended, *only)[0] == 0


def test_another_first_run_is_another_start(write_suite):
    def ids(text):
        suite = load_suite(write_suite(text))
        return {(job.label, job.seed): job.id for job in resolve(suite, suite.runs)}

    before, after = ids(CHAIN), ids(CHAIN.replace("imq_mmd", "rbf_mmd"))
    assert {key for key in before if before[key] == after[key]} == {("kmeans", 0), ("kmeans", 3)}
    renamed = ids(CHAIN.replace("first", "zeroth"))
    assert renamed["third", 0] == before["third", 0]


def test_jobs_come_after_those_they_start_from(write_suite):
    suite = load_suite(write_suite(CHAIN))
    jobs = with_starts(resolve(suite, [suite.runs[0]]))
    assert [(job.label, job.seed) for job in jobs] == [("first", 0), ("second", 0), ("third", 0)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("run: first", "run: frist", r"no row is 'frist' \(did you mean 'first'\?\)"),
        ("run: first", "run: kmeans", "'kmeans' is a baseline: it trains no model"),
        ("run: first", "run: third", "'third' would start from itself"),
        ("divergence: imq_mmd}}", "divergence: imq_mmd}, seeds: [0]}", "has no seed 3, but 0"),
        (
            "divergence: imq_mmd}}",
            "divergence: imq_mmd}, model: {prior: {dim: 3}}}",
            r"'first' trains another model: \{prior: \{dim: 3\}\}, not \{prior: \{dim: 2\}\}",
        ),
    ],
)
def test_impossible_starts_are_told_before_training(write_suite, old, new, message):
    with pytest.raises(InputError, match=message) as caught:
        load_suite(write_suite(CHAIN.replace(old, new)))
    assert "suite.yaml:" in caught.value.message
    assert "train.start" in caught.value.message


def test_a_start_on_images_of_another_shape_is_refused(write_suite, tmp_path):
    """Of as many pixels, too: what a network learnt of one shape means nothing in another."""
    arrays = {"y_train": np.arange(40) % 4, "y_test": np.arange(40) % 4}
    for name, shape in (("square", (40, 4, 4)), ("wide", (40, 2, 8)), ("same", (40, 4, 4))):
        images = np.random.default_rng(0).random(shape, dtype=np.float32)
        np.savez(tmp_path / f"{name}.npz", x_train=images, x_test=images, **arrays)
    rows = (
        "runs:\n"
        "  - {label: first, objective: vae, data: {name: npz, path: square.npz}}\n"
        "  - label: second\n    objective: vae\n    data: {name: npz, path: %s.npz}\n"
        "    train: {start: {name: trained, run: first}}\n"
    )
    suite = load_suite(write_suite(rows % "same"))
    assert len(resolve(suite, suite.runs)) == 2
    suite = load_suite(write_suite(rows % "wide"))
    with pytest.raises(InputError) as caught:
        resolve(suite, suite.runs)
    assert "suite.yaml:12: runs[1].train.start.run: 'first' trains on" in caught.value.message
    assert "shape [1, 4, 4], and 'second' on images of [1, 2, 8]" in caught.value.message
    assert len(resolve(suite, suite.runs[:1])) == 1


def test_locks_and_verification_know_starts(write_suite, run_main, tmp_path, capsys):
    from otlvm.harness.commands.verify import main as verify

    out = tmp_path / "out"
    options = ("--out", out, "--set", "seeds=[0]", "--threads", "1", "--jobs", "2")
    assert run_main(write_suite(CHAIN), *options)[0] == 0
    assert "run: second" in (out / "suite.lock.yaml").read_text()
    assert verify([str(out), "--all"]) == 0
    assert "4 of 4 runs came out the same" in capsys.readouterr().out
    assert json.loads((out / "suite.json").read_text())["runs"][0]["label"] == "third"


def chain(length):
    """A row, and so many after it, each of which starts from the one before."""
    rows = (
        f"  - {{label: r{i}, objective: vae, train: {{start: {{name: trained, run: r{i - 1}}}}}}}\n"
        for i in range(1, length + 1)
    )
    return "runs:\n" + "".join(reversed([*rows])) + "  - {label: r0, objective: vae}\n"


def test_a_chain_has_an_end(write_suite):
    suite = load_suite(write_suite(chain(MOST_AHEAD)))
    assert [job.label for job in with_starts(resolve(suite, suite.runs))][:2] == ["r0", "r1"]
    for length in (MOST_AHEAD + 1, 2000):
        with pytest.raises(InputError, match=r"more than 100 one after another$"):
            load_suite(write_suite(chain(length)))


def test_many_rows_that_start_from_one_are_planned_in_seconds(write_suite):
    suite = load_suite(
        write_suite(
            "runs:\n"
            "  - {label: first, objective: vae}\n"
            "  - label: '{learning_rate}'\n"
            "    objective: vae\n"
            "    train: {start: {name: trained, run: first}}\n"
            f"    grid: {{train.learning_rate: {[i / 1e6 for i in range(1, 3001)]}}}\n"
        )
    )
    started = time.process_time()
    assert len(resolve(suite, suite.runs)) == 3001
    assert time.process_time() - started < 6
