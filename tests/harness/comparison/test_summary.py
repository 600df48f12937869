import numpy as np
import pandas as pd
import pytest
from scipy import stats

from otlvm.harness.comparison.records import read_records
from otlvm.harness.comparison.summary import describe, long_form, summarize


def frame(rows, key="accuracy"):
    """Records of rows ``label: values of seeds 0, 1, ...``; NaN leaves a seed out."""
    found = [
        {"label": label, "seed": seed, key: value}
        for label, values in rows.items()
        for seed, value in enumerate(values)
        if not np.isnan(value)
    ]
    return pd.DataFrame(found)


def test_description():
    rng = np.random.default_rng(0)
    rows = {"a": rng.normal(0.5, 0.1, 8), "b": rng.normal(0.7, 0.1, 5), "one": [0.3]}
    described = describe(frame(rows), ["accuracy"])
    assert list(described.index) == ["a", "b", "one"]
    for label, values in rows.items():
        row = described.loc[label]
        assert row["accuracy_n"] == len(values)
        assert row["accuracy_mean"] == pytest.approx(np.mean(values))
        if len(values) > 3:
            assert row["accuracy_iqm"] == pytest.approx(stats.trim_mean(values, 0.25))
        else:  # nothing is trimmed
            assert np.isnan(row["accuracy_iqm"])
        if len(values) > 1:
            assert row["accuracy_std"] == pytest.approx(np.std(values, ddof=1))
            interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
            assert (row["accuracy_low"], row["accuracy_high"]) == pytest.approx(tuple(interval))
        else:
            assert np.isnan(row[["accuracy_std", "accuracy_low", "accuracy_high"]]).all()


def test_the_long_form_is_the_summary_row_by_row():
    rng = np.random.default_rng(0)
    records = frame({f"row {i}": rng.normal(i, 1, 1 + i) for i in reversed(range(7))})
    records["bce"] = records["accuracy"].where(records["label"] != "row 3")
    described = describe(records, ["accuracy", "bce"])
    facts = {"data": "d", "method": described.index, "n": 99}
    best = {"accuracy_best": [True] * 7, "bce_best": [False] * 7}
    summary = described.assign(**facts, **best)
    statistics = ["mean", "std", "iqm", "low", "high", "best"]
    expected = [
        (label, "d", label, key, int(row[f"{key}_n"]), *(row[f"{key}_{s}"] for s in statistics))
        for label, row in summary.iterrows()
        for key in ("accuracy", "bce")
        if (label, key) != ("row 3", "bce")
    ]
    found = long_form(summary)
    assert list(found.columns) == ["label", "data", "method", "metric", "n", *statistics]
    pd.testing.assert_frame_equal(found, pd.DataFrame(expected, columns=found.columns))


def test_missing_metrics_stay_missing():
    records = frame({"a": [0.1, 0.2, 0.3]}).assign(bce=np.nan)
    described = describe(records, ["accuracy", "bce"])
    assert described.loc["a"].filter(like="bce_").drop("bce_n").isna().all()
    assert described.loc["a", "bce_n"] == 0


def test_a_seed_without_a_metric_does_not_hide_the_interval_of_the_others():
    rows = frame({"a": [0.1, 0.2, 0.4]})
    records = pd.concat([rows, pd.DataFrame([{"label": "a", "seed": 3}])])
    found = describe(records, ["accuracy"]).loc["a"]
    expected = stats.ttest_1samp([0.1, 0.2, 0.4], 0).confidence_interval(0.95)
    assert (found["accuracy_low"], found["accuracy_high"]) == pytest.approx(tuple(expected))


PRIORS = {"a": 5, "b": 5, "c": 10, "d": 10}


def test_rows_of_unlike_yardsticks_are_ranked_by_themselves(commit):
    noise = (0.0, 0.001, -0.001)
    means = {"a": 0.1, "b": 0.5, "c": 0.02, "d": 0.3}
    rows = {
        label: [{"latent_mmd": mean + e, "accuracy": mean + e} for e in noise]
        for label, mean in means.items()
    }
    configs = {label: {"model": {"prior": {"dim": dim}}} for label, dim in PRIORS.items()}
    summary = summarize(read_records(commit(rows, configs=configs)))
    assert list(summary.index[summary["latent_mmd_best"]]) == ["a", "c"]
    assert list(summary.index[summary["accuracy_best"]]) == ["b"]


def test_rows_with_too_few_seeds_are_marked_where_others_are_ranked(commit):
    rows = {
        "lucky": [{"accuracy": 0.99}],
        "good": [{"accuracy": a} for a in (0.8, 0.81, 0.79)],
        "bad": [{"accuracy": a, "bce": 1.0} for a in (0.3, 0.31, 0.29)],
    }
    summary = summarize(read_records(commit(rows)))
    assert list(summary.index[summary["accuracy_best"]]) == ["good"]
    assert list(summary.index[summary["accuracy_left_out"]]) == ["lucky"]
    assert 0 < summary.loc["bad", "accuracy_smallest"] < 0.5
    assert not summary["bce_left_out"].any()
    assert summary["bce_smallest"].isna().all()  # nothing to compare with
