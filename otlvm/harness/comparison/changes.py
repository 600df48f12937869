"""Two suites, or two versions of ours, run by run: what ``otlvm compare`` prints.

Here the same row is compared with itself, so runs are paired by their seeds: what a change leaves
as it was comes out equal to the last bit, and what it does to all seeds alike is seen under any
spread. Seed by seed the differences of all rows are held against zero by their own and their pooled
spread (see `otlvm.harness.comparison.spreads`); where they spread unlike, each row's own t-test has
to agree.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from otlvm.harness.comparison.seed_tests import LEVEL, MIN_SEEDS, ROUNDING, Gaps, spread, welch
from otlvm.harness.comparison.spreads import critical_size, squared_errors
from otlvm.harness.comparison.yardsticks import Yardsticks
from otlvm.harness.metrics import METRICS, Metric

ALL_ROWS_LEVEL = 0.04
COLUMNS = ["label", "metric", "n", "before", "after", "verdict"]


def with_data(before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Name the data set in every label where either set of records has several.

    A suite of several data sets does so itself where a label stands for several; others never do.
    """
    if all(records["data"].nunique() < 2 for records in (before, after)):
        return before, after
    named = (
        records.assign(
            label=records["label"].where(
                records["data"] == "", records["method"] + ", " + records["data"]
            )
        )
        for records in (before, after)
    )
    return next(named), next(named)


def on_other_data(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    """Return the labels whose data had another content in the other set of records."""
    one, two = (
        records.dropna(subset="data_checksum").drop_duplicates("label").set_index("label")
        for records in (before, after)
    )
    both = pd.concat([one["data_checksum"], two["data_checksum"]], axis=1, join="inner")
    return list(both.index[both.iloc[:, 0] != both.iloc[:, 1]])


def on_other_seeds(before: pd.DataFrame, after: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Say of each label that both have which runs are done, where these are other seeds.

    A row that stopped to finish has nothing to compare, and would go without a word.
    """
    lines = []
    for label in dict.fromkeys(before["label"]):
        sides = [records[records["label"] == label] for records in (before, after)]
        done = [side[side["status"] == "done"] for side in sides]
        if len(sides[1]) and set(done[0]["seed"]) != set(done[1]["seed"]):
            told = (_finished(*pair) for pair in zip(sides, names, strict=True))
            lines.append(f"{label}: {', '.join(told)}")
    return lines


def _finished(runs: pd.DataFrame, name: str) -> str:
    others = runs["status"][runs["status"] != "done"].value_counts(sort=False)
    why = ", ".join(f"{count} {status}" for status, count in others.items())
    done = len(runs) - int(others.sum())
    return f"{done} of {len(runs)} done in {name}" + (f" ({why})" if why else "")


def compare(
    before: pd.DataFrame, after: pd.DataFrame, metrics: Sequence[Metric] = METRICS
) -> pd.DataFrame:
    """Compare two sets of records by label, seed and metric; see `with_data` for the labels.

    Args:
        before: What `read_records` gave for one directory.
        after: The same for the other.
        metrics: The metrics of both.

    Returns:
        One row per label and metric that both have: ``label``, ``metric``, ``n`` (shared seeds),
        ``before``, ``after`` (means over them), ``verdict`` (``better``, ``worse``, or empty: also
        where both were measured by unlike yardsticks, such as MMD² of two priors).
    """
    keys = [metric.key for metric in metrics]
    sides = (_done(before, keys).add_suffix("_before"), _done(after, keys).add_suffix("_after"))
    both = sides[0].join(sides[1], how="inner")
    measured = _yardsticks(before, after)
    found = [_of_metric(metric, both, _alike(*measured, metric)) for metric in metrics]
    order = {
        label: place for place, label in enumerate(dict.fromkeys(both.index.get_level_values(0)))
    }
    frame = pd.concat(found, ignore_index=True)
    return frame.sort_values(
        "label", key=lambda labels: labels.map(order), kind="stable", ignore_index=True
    )


def _done(records: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    done = records[records["status"] == "done"]
    return done.set_index(["label", "seed"]).reindex(columns=keys)


def _yardsticks(before: pd.DataFrame, after: pd.DataFrame) -> tuple[Yardsticks, Yardsticks]:
    """By content, which is the data set, and by what both know of their priors."""
    unshared = [name for name in ("prior", "components") if name not in {*before} & {*after}]
    one, two = (
        Yardsticks(records.drop(columns=["data", *unshared], errors="ignore"))
        for records in (before, after)
    )
    return one, two


def _alike(before: Yardsticks, after: Yardsticks, metric: Metric) -> set[str]:
    """Labels that were measured by one yardstick in both."""
    one, two = before.of_rows(metric), after.of_rows(metric)
    shared = one.index.intersection(two.index)
    return set(shared[(one[shared] == two[shared]) & one[shared].notna()])


def _of_metric(metric: Metric, both: pd.DataFrame, alike: set[str]) -> pd.DataFrame:
    """Compare one metric of all labels."""
    sides = both[[f"{metric.key}_before", f"{metric.key}_after"]].dropna().astype(float)
    sides.columns = pd.Index(["before", "after"])
    by_label = sides.groupby(level="label", sort=False)
    frame = by_label.mean().assign(n=by_label.size(), metric=metric.title, verdict="")
    costs = metric.costs(sides["after"]) - metric.costs(sides["before"])
    scales = sides.abs().max(axis=1)
    samples = {
        str(label): (values.to_numpy(), float(scales[values.index].max()))
        for label, values in costs.groupby(level="label", sort=False)
        if metric.best is not None and len(values) >= MIN_SEEDS and label in alike
    }
    if samples:
        changed = tell_changes(*zip(*samples.values(), strict=True))
        verdicts = np.array(["better", "", "worse"])[np.sign(changed) + 1]
        frame.loc[list(samples), "verdict"] = verdicts
    return frame.rename_axis("label").reset_index()[COLUMNS]


def tell_changes(samples: Sequence[NDArray[Any]], scales: Sequence[float]) -> NDArray[np.int_]:
    """Tell which of several samples lie above or below zero beyond chance.

    Args:
        samples: Differences, seed by seed: samples ``[n]`` of three or more.
        scales: Of what size the numbers are whose differences each sample holds.

    Returns:
        -1, 0 or 1 for each sample; of samples whose true mean is zero any is told with a chance of
        `LEVEL` at most.
    """
    means = np.array([values.mean() for values in samples])
    variances = np.array([spread(*pair) for pair in zip(samples, scales, strict=True)])
    sizes = np.array([len(values) for values in samples])
    errors = np.sqrt(squared_errors(variances, sizes))
    together = np.abs(means) > critical_size(variances, sizes, ALL_ROWS_LEVEL) * errors
    alone = 2 * welch(Gaps.of_rows(np.abs(means), variances, sizes))
    facts = (variances == 0) & (np.abs(means) > ROUNDING * np.array(scales))
    told = facts | (variances > 0) & together & (alone <= LEVEL)
    return np.where(told, np.sign(means), 0).astype(int)
