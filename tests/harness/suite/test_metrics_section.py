"""The section ``metrics:``, and what tables and claims ask for."""

import pytest

from otlvm.harness.messages import InputError

RUNS = "runs: [{label: A, objective: vae}]\nbaselines: [kmeans]\n"


def asked(suite):
    assert len({repr(run.config.get("metrics")) for run in suite.runs}) == 1
    return suite.runs[0].config.get("metrics")


def test_a_suite_that_asks_for_nothing_says_nothing(load):
    assert asked(load(RUNS)) is None
    assert asked(load(f"{RUNS}table: {{metrics: [accuracy, bce], order: nmi}}\n")) is None


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("metrics: [flops]", [{"name": "flops"}]),
        ("table: {metrics: [accuracy, frechet]}", [{"name": "frechet"}]),
        ("table: {metrics: [{name: frechet, digits: 1}]}", [{"name": "frechet"}]),
        ("table: {order: recall}", [{"name": "recall"}]),
        ("table: {metrics: [sample_w2_data, sample_w2]}", [{"name": "sample_w2"}]),
        (
            "claims: [silhouette of A > 2 * recall of A]",
            [{"name": "silhouette"}, {"name": "recall"}],
        ),
        ("claims: [flops of A at step 2 > 0]", None),  # a column of the learning curve
        (
            "metrics: ['mine:Coverage', {name: nll_iw, samples: 5}]\n"
            "table: {metrics: [coverage, nll_iw, flops]}",
            [{"name": "mine:Coverage"}, {"name": "nll_iw", "samples": 5}, {"name": "flops"}],
        ),
    ],
)  # fmt: skip
def test_what_sections_tables_and_claims_ask_for_is_measured(load, added, expected):
    suite = load(f"{RUNS}{added}\n")
    assert asked(suite) == expected


@pytest.mark.parametrize(
    ("added", "message"),
    [
        (
            "metrics: [accuracy]",
            "accuracy is always measured; to be asked for: accuracy_same_labels, elbo, nll_iw",
        ),
        ("metrics: [flops, {name: flops}]", "flops is given twice"),
        ("metrics: [{samples: 3}]", "expected a name or a mapping with a 'name'"),
        ("metrics: flops", "expected a valid list"),
        ("table: {metrics: [coverage]}", "unknown metric 'coverage'"),
        ("metrics: [flops]\nclaims: [coverage of A > 0]", "unknown metric 'coverage'"),
        ("table: {order: acuracy}", "did you mean 'accuracy'"),
    ],
)
def test_what_is_wrong_is_told_without_torch(load, added, message):
    with pytest.raises(InputError, match=message):
        load(f"{RUNS}{added}\n")


def test_the_command_line_may_ask_too(load):
    from otlvm.harness.suite.load import load_suite

    path = load(RUNS).file.path
    assert asked(load_suite(path, {"metrics": ["flops"]})) == [{"name": "flops"}]
