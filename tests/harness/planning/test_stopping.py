"""What `stop:` says is checked before training: what it watches, and on how many images."""

import pytest

from otlvm.harness.messages import InputError
from otlvm.harness.planning.jobs import resolve
from otlvm.harness.suite.load import load_suite

WAE = "objective: {name: wae, divergence: imq_mmd}"


@pytest.fixture
def stopped(write_suite):
    def stopped(stop, objective="objective: vae", batch_size=100):
        row = f"runs:\n  - label: a\n    {objective}\n    train: {{stop: {stop}}}\n"
        suite = load_suite(write_suite(row, **{"batch_size: 32": f"batch_size: {batch_size}"}))
        return resolve(suite, suite.runs)

    return stopped


@pytest.mark.parametrize(
    ("stop", "objective", "told"),
    [
        (
            "{metric: reconstrution}",
            WAE,
            "'reconstrution' (did you mean 'reconstruction'?)",
        ),
        (
            "{metric: divergance}",
            WAE,
            "(did you mean 'divergence'?); there are loss, rec",
        ),
        ("{metric: divergence}", "objective: vae", "the objective has no term 'divergence'"),
        ("{metric: accuracy}", WAE, "the objective has no term 'accuracy'"),
    ],
)
def test_a_term_that_is_none_is_refused(stopped, stop, objective, told):
    with pytest.raises(InputError) as caught:
        stopped(stop, objective)
    assert told in caught.value.message
    assert "suite.yaml:10: runs[0].train.stop.metric: " in caught.value.message


@pytest.mark.parametrize("metric", ["loss", "reconstruction", "regularizer", "divergence"])
def test_a_term_that_there_is_may_be_watched(stopped, metric):
    (job,) = stopped(f"{{metric: {metric}}}", WAE)
    assert job.config["train"]["stop"]["metric"] == metric


@pytest.mark.parametrize(
    ("share", "batch_size", "told"),
    [
        (0.05, 100, "72 are held back, fewer than batch_size 100: raise it"),
        (0.95, 100, "are left to train on, fewer than batch_size 100: lower it"),
        (0.5, 719, "718 are held back, fewer than batch_size 719: raise it"),
    ],
)
def test_a_share_that_leaves_less_than_a_batch_is_refused(stopped, share, batch_size, told):
    with pytest.raises(InputError) as caught:
        stopped(f"{{share: {share}}}", batch_size=batch_size)
    assert told in caught.value.message
    assert "runs[0].train.stop.share: of 1437 training images " in caught.value.message


def test_a_batch_on_each_side_is_enough(stopped):
    assert len(stopped("{share: 0.5}", batch_size=718)) == 1
