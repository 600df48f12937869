"""Epochs are steps once the data are known: in ids, in locks, in what tables show."""

import pytest

from otlvm.data import datasets
from otlvm.harness.commands.verify import main as verify
from otlvm.harness.comparison.records import read_records
from otlvm.harness.messages import InputError
from otlvm.harness.planning.jobs import resolve
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import load_suite
from otlvm.training import Stop

STEPS = {"steps: 4,": "epochs: 1,", "batch_size: 32": "batch_size: 300"}
ROWS = """\
runs:
  - {label: A, objective: vae}
  - {label: B, objective: vae, train: {start: {name: trained, run: A}}}
  - {label: C, objective: vae, train: {epochs: null, steps: 3}}
"""


def ids(suite):
    return [(job.label, job.id) for job in resolve(suite, suite.runs)]


def test_a_suite_with_epochs_is_locked_verified_and_gone_on_from(
    write_suite, run_main, tmp_path, capsys
):
    suite, out = write_suite(ROWS, **STEPS), tmp_path / "out"
    options = ("--threads", "1", "--jobs", "1")
    assert run_main(suite, "--out", out, *options)[0] == 0
    steps = {
        row.label: row.config["train"]["steps"] for row in read_records(Store(out)).itertuples()
    }
    assert steps == {"A": 4, "B": 4, "C": 3}
    lock = load_suite(out / "suite.lock.yaml")
    assert ids(lock) == ids(load_suite(suite))
    assert verify([str(out), "--all"]) == 0
    assert "3 of 3 runs came out the same" in capsys.readouterr().out
    code, _, errors = run_main(suite, "--out", out, "--only", "A", *options)
    assert (code, "left out" in errors) == (0, False)
    assert list(read_records(Store(out))["label"]) == ["A", "B", "C"]


def test_only_keeps_rows_of_epochs_on_data_that_it_does_not_load(write_suite, run_main, tmp_path):
    rows = (
        "runs:\n  - {label: A, objective: vae}\n"
        "  - {label: B, objective: vae, data: {test_fraction: 0.4}}\n"
    )
    suite, out = write_suite(rows, **STEPS), tmp_path / "out"
    assert run_main(suite, "--out", out)[0] == 0
    code, _, errors = run_main(suite, "--out", out, "--only", "A")
    assert (code, "left out" in errors) == (0, False)
    assert list(read_records(Store(out))["label"]) == ["A", "B"]
    write_suite(rows, **{**STEPS, "steps: 4,": "epochs: 2,"})
    code, _, errors = run_main(suite, "--out", out, "--only", "A")
    assert code == 0
    assert "B: left out of the tables" in errors


@pytest.mark.parametrize("share", [0.25, 0.333, 0.5])
def test_an_epoch_is_of_the_images_that_training_sees(write_suite, share):
    row = f"runs: [{{label: a, objective: vae, train: {{stop: {{share: {share}}}}}}}]\n"
    epochs = {"steps: 4,": "epochs: 3,", "batch_size: 32": "batch_size: 10"}
    suite = load_suite(write_suite(row, **epochs))
    (job,) = resolve(suite, suite.runs)
    seen, _ = Stop(share=share).cut(datasets.build("digits").x_train)
    assert job.config["train"]["steps"] == 3 * (len(seen) // 10)


def test_rows_of_a_curve_after_the_last_step_of_an_epoch_are_refused(write_suite):
    row = "runs: [{label: a, objective: vae, train: {eval_at: [4, 5]}}]\n"
    suite = load_suite(write_suite(row, **STEPS))
    with pytest.raises(
        InputError, match=r"runs\[0\].train.eval_at: eval_at \[5\] lie beyond the 4"
    ):
        resolve(suite, suite.runs)
