"""``python -m benchmarks.compare DIR1 DIR2``: two suites, or two versions of ours, run by run."""

import pandas as pd

from otlvm.harness.comparison.significance import MIN_SEEDS, holm, paired_p
from otlvm.harness.metrics import METRICS, Metric


def with_data(before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Name the data set in every label where either set of records has several.

    A suite of several data sets does so where a label stands for several, one of a single never.
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


def compare(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Compare two sets of records by label, seed and metric; see `with_data` for the labels.

    Args:
        before: What `read_records` gave for one directory.
        after: The same for the other.

    Returns:
        One row a label and metric that both have: ``label``, ``metric``, ``n`` (shared seeds),
        ``before``, ``after`` (means over them), ``verdict`` (``better``, ``worse``, or empty).
    """
    rows = []
    both = _done(before).add_suffix("_before").join(_done(after).add_suffix("_after"), how="inner")
    for label, group in both.groupby("label", sort=False):
        for metric in METRICS:
            pairs = group[[f"{metric.key}_before", f"{metric.key}_after"]].dropna().astype(float)
            if not pairs.empty:
                rows.append(_row(str(label), metric, pairs))
    frame = pd.DataFrame(rows, columns=["label", "metric", "n", "before", "after", "p", "gain"])
    told_apart = holm(frame["p"].to_numpy(float))
    frame["verdict"] = ""
    frame.loc[told_apart & (frame["gain"] > 0), "verdict"] = "better"
    frame.loc[told_apart & (frame["gain"] < 0), "verdict"] = "worse"
    return frame.drop(columns=["p", "gain"])


def _done(records: pd.DataFrame) -> pd.DataFrame:
    done = records[records["status"] == "done"]
    return done.set_index(["label", "seed"])[[metric.key for metric in METRICS]]


def _row(label: str, metric: Metric, pairs: pd.DataFrame) -> tuple[object, ...]:
    before, after = (pairs[name].to_numpy() for name in pairs.columns)
    cost, new_cost = metric.cost(before), metric.cost(after)
    ranked = metric.best is not None and len(pairs) >= MIN_SEEDS
    p = paired_p(cost, new_cost) if ranked else float("nan")
    gain = float((cost - new_cost).mean())
    return label, metric.title, len(pairs), before.mean(), after.mean(), p, gain
