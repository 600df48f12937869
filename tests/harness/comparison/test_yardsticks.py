import pandas as pd
import pytest

from otlvm.harness.comparison.yardsticks import Yardsticks, unlike
from otlvm.harness.metrics import METRICS

BY_KEY = {metric.key: metric for metric in METRICS}
PRIOR = {"name": "gaussian_mixture", "components": 10, "dim": 2}
HERE = {"device": "cpu", "device_name": "A", "cores": 2, "threads": 2, "torch": "2.6"}
BASE = {
    "status": "done",
    "data": "digits",
    "data_checksum": "1",
    "side_by_side": 1,
    "config": {"model": {"prior": PRIOR}},
    "environment": HERE,
}


def records(**rows):
    """Two seeds of each row, which differ from `BASE` in what is given; a list has one a seed."""
    found = []
    for label, changes in rows.items():
        for seed in range(2):
            own = changes[seed] if isinstance(changes, list) else changes
            run = {**BASE, "label": label, "seed": seed, **own}
            found.append({**run, **{metric.key: 0.5 for metric in METRICS}})
    return pd.DataFrame(found)


def groups(frame, key):
    return [sorted(set(part["label"])) for part in Yardsticks(frame).comparable(BY_KEY[key])]


def prior(**changes):
    return {"config": {"model": {"prior": {**PRIOR, **changes}}}}


def machine(**changes):
    return {"environment": {**HERE, **changes}}


TIMES = ("fit_seconds", "step_ms", "peak_mb")


@pytest.mark.parametrize(
    ("change", "together", "apart"),
    [
        ({}, BY_KEY, ()),
        ({"data": "mnist"}, (), BY_KEY),
        ({"data_checksum": "2"}, (), BY_KEY),
        (prior(dim=5), ("accuracy", "bce", "components_used", *TIMES), ("latent_mmd", "latent_w2")),
        (
            prior(components=20),
            ("accuracy", "bce", *TIMES),
            ("latent_mmd", "latent_w2", "components_used", "smallest_share"),
        ),
        (machine(device_name="B"), ("accuracy", "bce", "latent_mmd"), TIMES),
        (machine(threads=8), ("accuracy",), TIMES),
        (machine(python="3.13"), TIMES, ()),
    ],
)
def test_what_keeps_rows_apart(change, together, apart):
    frame = records(a={}, b=change, c={})
    for key in together:
        assert groups(frame, key) == [["a", "b", "c"]], key
        assert unlike(frame, BY_KEY[key], "a", "b") == ""
    for key in apart:
        assert groups(frame, key) == [["a", "c"], ["b"]], key
        assert unlike(frame, BY_KEY[key], "a", "b") != ""


def test_what_says_why():
    frame = records(a={}, b=prior(dim=3), c=machine(cores=4), d={"data": "x"})
    assert unlike(frame, BY_KEY["latent_w2"], "a", "b") == "another prior"
    assert unlike(frame, BY_KEY["step_ms"], "a", "c") == "another machine"
    assert unlike(frame, BY_KEY["bce"], "a", "d") == "other data"


def test_times_of_runs_side_by_side_compare_with_none():
    frame = records(a={}, b={"side_by_side": 2}, c=[{}, {"side_by_side": 3}], d={})
    for key in ("fit_seconds", "step_ms"):
        assert groups(frame, key) == [["a", "d"]]
        assert unlike(frame, BY_KEY[key], "a", "b") == "side by side"
    assert groups(frame, "peak_mb") == [["a", "b", "c", "d"]]  # memory is each process's own
    assert groups(frame, "accuracy") == [["a", "b", "c", "d"]]


def test_a_row_whose_runs_ran_on_several_machines_compares_with_none():
    frame = records(a={}, b=[{}, machine(device_name="B")])
    assert groups(frame, "fit_seconds") == [["a"]]
    assert groups(frame, "accuracy") == [["a", "b"]]
    assert pd.isna(Yardsticks(frame).of_rows(BY_KEY["fit_seconds"])["b"])
    assert unlike(frame, BY_KEY["fit_seconds"], "a", "b") == "another machine"


def test_a_bare_name_is_its_spec():
    one, two = ({"config": {"model": {"prior": p}}} for p in ("normal", {"name": "normal"}))
    assert groups(records(a=one, b=two), "latent_mmd") == [["a", "b"]]


def test_a_prior_that_names_no_components_is_compared_as_a_whole():
    one, two = ({"config": {"model": {"prior": {"name": "mine", "k": k}}}} for k in (3, 4))
    assert groups(records(a=one, b=two, c=two), "components_used") == [["a"], ["b", "c"]]


def test_tables_without_configs_are_compared_by_their_data():
    """As ``runs.csv`` is."""
    frame = records(a={}, b={}).drop(columns=["config", "environment", "data_checksum"])
    for key in BY_KEY:
        assert groups(frame, key) == [["a", "b"]]


def test_runs_that_did_not_finish_or_measure_do_not_count():
    frame = records(a={}, b={"status": "failed"}, c=[{}, {**prior(dim=9), "status": "failed"}])
    assert groups(frame, "latent_mmd") == [["a", "c"]]
    frame.loc[frame["label"] == "a", "latent_mmd"] = None
    assert groups(frame, "latent_mmd") == [["c"]]
    assert groups(frame[frame["status"] == "failed"], "latent_mmd") == []


def test_a_default_that_is_written_is_the_default():
    """By the priors as they were built, where runs know them; a name says nothing of K."""
    bare, whole = {"config": {"model": {"prior": "gm"}}}, prior()
    built = {"prior": "gm(components=10, dim=10)", "components": 10}
    frame = records(
        a=bare | built, b=whole | built, c=bare | {"prior": "other()", "components": 10}
    )
    assert groups(frame, "latent_mmd") == [["a", "b"], ["c"]]
    assert groups(frame, "components_used") == [["a", "b", "c"]]
    frame = records(a=bare | built, b=whole | built | {"components": 20})
    assert groups(frame, "purity") == [["a"], ["b"]]
    older = records(a=bare | built, b=whole)  # a folder of two versions: what all of them know
    assert groups(older, "components_used") == [["a"], ["b"]]


def test_a_time_is_of_the_machine_that_it_was_taken_on():
    fast = machine(device_name="B")["environment"]
    frame = records(a={}, b={"timed_in": fast}, c={"timed_in": None})
    assert groups(frame, "step_ms") == [["a", "c"], ["b"]]
    assert groups(frame, "peak_mb") == [["a", "b", "c"]]  # of the first run, not of the repetition
