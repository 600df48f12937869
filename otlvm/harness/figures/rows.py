"""Which rows a figure shows."""

import pandas as pd

from otlvm.harness.comparison.records import read_curves
from otlvm.harness.metrics import METRICS
from otlvm.harness.store.store import Store

MOST_ROWS = 12  # more lines, and their names, cannot be told apart


def choose_rows(records: pd.DataFrame) -> pd.DataFrame:
    """Leave the runs of the dozen rows with the best mean accuracy, in their order.

    Where labels are missing, so that no run has an accuracy, the lowest mean BCE is best, or NLL.
    """
    if records["label"].nunique() <= MOST_ROWS:
        return records
    known = (key for key in ("accuracy", "bce") if records[key].notna().any())
    key = next(known, "nll")
    metric = next(metric for metric in METRICS if metric.key == key)
    costs = metric.costs(records[key].astype(float)).groupby(records["label"]).mean()
    best = costs.nsmallest(MOST_ROWS, keep="all").index
    return records[records["label"].isin(best[:MOST_ROWS])]


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
