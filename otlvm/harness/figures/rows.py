"""Which rows a figure shows."""

from collections.abc import Sequence

import pandas as pd

from otlvm.harness.comparison.records import read_curves
from otlvm.harness.comparison.yardsticks import Yardsticks
from otlvm.harness.figures.style import Look, looks
from otlvm.harness.metrics import METRICS, Metric
from otlvm.harness.store.store import Store

MOST_ROWS = 12  # more lines, and their names, cannot be told apart
CHOSEN = {"accuracy": "most accurate", "bce": "lowest in BCE", "nll": "lowest in NLL"}


def choose_rows(records: pd.DataFrame, keep: Sequence[str] = ()) -> pd.DataFrame:
    """Leave the runs of the dozen rows with the best mean accuracy, in their order.

    Where labels are missing, so that no run has an accuracy, the lowest mean BCE is best, or NLL.
    Of several data sets the best row of each comes first, then the second of each, and so on.

    Args:
        records: The runs.
        keep: Labels of rows that are left in any case; the best of the others fill the dozen.
    """
    if records["label"].nunique() <= MOST_ROWS:
        return records
    metric = _judge(records)
    done = finished(records, [metric.key])
    costs = metric.costs(done[metric.key]).groupby(done["label"], sort=False).mean()
    places = costs.groupby(_groups(done, metric)).rank(method="first")
    best = [label for label in places.sort_values(kind="stable").index if label not in keep]
    chosen = [*keep, *best[: max(0, MOST_ROWS - len(keep))]]
    return records[records["label"].isin(chosen)]


def note_of_choice(records: pd.DataFrame, shown: pd.DataFrame, keep: Sequence[str] = ()) -> str:
    """Say which rows `choose_rows` left; nothing if it left all."""
    left, of = shown["label"].nunique(), records["label"].nunique()
    if left == of:
        return ""
    metric = _judge(records)
    best = CHOSEN[metric.key]
    groups = set(_groups(finished(records, [metric.key]), metric))
    apart = ", each data set by itself" if len(groups) > 1 else ""
    if keep:
        return f"curves: the rows shown and the {best}, {left} of {of}{apart}"
    return f"the {left} {best} of {of} rows{apart}"


def _judge(records: pd.DataFrame) -> Metric:
    """Return the metric by which rows are chosen: the first that some run has."""
    known = [key for key in CHOSEN if records[key].notna().any()]
    return next(metric for metric in METRICS if metric.key == [*known, "nll"][0])


def _groups(done: pd.DataFrame, metric: Metric) -> pd.Series:
    """Say which finished rows compare, by label: accuracies of two data sets do not."""
    return Yardsticks(done).of_rows(metric).fillna("")


def looks_of(records: pd.DataFrame) -> dict[str, Look]:
    """Give each row of a suite the look that it has in all its figures.

    The dozen that most figures show come first: no two of them look the same.
    """
    return looks([*choose_rows(records)["label"], *records["label"]])


def classes_of_rows(records: pd.DataFrame) -> dict[str, list[str]]:
    """Return what the classes of each row's data are called, where its records say so."""
    known = records[records["class_names"].notna()].drop_duplicates("label")
    return dict(zip(known["label"], known["class_names"], strict=True))


def curves_of(store: Store, records: pd.DataFrame) -> pd.DataFrame:
    """Read the learning curves of finished runs, which alone count in the tables too."""
    return read_curves(store, records[records["status"] == "done"])


def finished(records: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Leave the runs that are done and have all of some metrics, those as floats."""
    done = records[records["status"] == "done"].astype(dict.fromkeys(keys, float))
    return done.dropna(subset=keys)
