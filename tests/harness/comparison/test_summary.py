import numpy as np
import pandas as pd
import pytest
from scipy import stats

from otlvm.harness.comparison.significance import tied_with_best
from otlvm.harness.comparison.summary import describe
from otlvm.harness.metrics import METRICS

BY_KEY = {metric.key: metric for metric in METRICS}


def frame(rows, key="accuracy"):
    """Records of rows ``label: values of seeds 0, 1, ...``; NaN leaves a seed out."""
    found = [
        {"label": label, "seed": seed, key: value}
        for label, values in rows.items()
        for seed, value in enumerate(values)
        if not np.isnan(value)
    ]
    return pd.DataFrame(found)


def tied(rows, key="accuracy"):
    return tied_with_best(frame(rows, key), BY_KEY[key])


NOISE = np.array([0.0, 0.03, -0.02, 0.01, -0.02])


def test_rows_that_cannot_be_told_from_the_best():
    rows = {"best": 0.8 + NOISE, "near": 0.79 + NOISE[::-1], "far": 0.5 + NOISE[::-1]}
    assert tied(rows) == {"best", "near"}


def test_pairs_tell_apart_what_means_do_not():
    """Seeds differ far more than rows do, but one row always wins."""
    seeds = np.array([0.2, 0.4, 0.6, 0.8])
    steady = np.array([0.050, 0.051, 0.049, 0.052])
    assert stats.ttest_ind(seeds + steady, seeds).pvalue > 0.7
    assert tied({"a": seeds, "b": seeds + steady}) == {"b"}


def test_agrees_with_statsmodels_step_by_step():
    rng = np.random.default_rng(0)
    rows = {f"row {i}": 0.5 + 0.03 * i + 0.05 * rng.standard_normal(6) for i in range(6)}
    best = max(rows, key=lambda label: rows[label].mean())
    others = sorted(set(rows) - {best})
    p = {label: stats.ttest_rel(rows[best], rows[label]).pvalue for label in others}
    expected, rejecting = {best}, True  # Holm: from the smallest p on, until one is not rejected
    for rank, label in enumerate(sorted(others, key=p.get)):
        rejecting &= p[label] <= 0.05 / (len(others) - rank)
        if not rejecting:
            expected.add(label)
    assert tied(rows) == expected
    assert 1 < len(expected) < len(rows)


@pytest.mark.parametrize(
    ("key", "best"), [("accuracy", "c"), ("bce", "a"), ("latent_mmd", "b"), ("fit_seconds", None)]
)
def test_directions(key, best):
    rows = {"a": -1 + NOISE, "b": 0.01 + NOISE / 10, "c": 1 + NOISE}
    assert tied(rows, key) == ({best} if best else set())


@pytest.mark.parametrize(
    "rows",
    [
        {"a": [0.1, 0.2], "b": [0.8, 0.9]},
        {"a": [0.1, 0.2, 0.1]},
        {"a": [0.1, 0.2, 0.1, np.nan, np.nan], "b": [np.nan, 0.9, 0.9, 0.9, 0.8]},
    ],
    ids=["two seeds", "one row", "two shared seeds"],
)
def test_too_few_to_tell(rows):
    assert tied(rows) == set()


def test_constant_rows():
    rows = {"a": [0.5] * 3, "same": [0.5] * 3, "shifted": [0.4] * 3}
    assert tied(rows) == {"a", "same"}


def test_no_records():
    assert tied_with_best(pd.DataFrame(columns=["label", "seed", "accuracy"]), METRICS[0]) == set()


def test_description():
    rng = np.random.default_rng(0)
    rows = {"a": rng.normal(0.5, 0.1, 8), "b": rng.normal(0.7, 0.1, 5), "one": [0.3]}
    described = describe(frame(rows), ["accuracy"])
    assert list(described.index) == ["a", "b", "one"]
    for label, values in rows.items():
        row = described.loc[label]
        assert row["accuracy_mean"] == pytest.approx(np.mean(values))
        assert row["accuracy_iqm"] == pytest.approx(stats.trim_mean(values, 0.25))
        if len(values) > 1:
            assert row["accuracy_std"] == pytest.approx(np.std(values, ddof=1))
            # The bootstrap's interval of a mean is near that of a normal with the plug-in spread.
            half = 1.96 * np.std(values) / np.sqrt(len(values))
            assert row["accuracy_low"] == pytest.approx(np.mean(values) - half, abs=0.2 * half)
            assert row["accuracy_high"] == pytest.approx(np.mean(values) + half, abs=0.2 * half)
        else:
            assert np.isnan(row[["accuracy_std", "accuracy_low", "accuracy_high"]]).all()
    again = describe(frame(rows), ["accuracy"])
    pd.testing.assert_frame_equal(described, again)


def test_missing_metrics_stay_missing():
    records = frame({"a": [0.1, 0.2, 0.3]}).assign(bce=np.nan)
    described = describe(records, ["accuracy", "bce"])
    assert described.loc["a"].filter(like="bce").isna().all()
