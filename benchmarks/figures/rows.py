"""Which rows a figure shows. Never imports torch."""

import pandas as pd

MOST_ROWS = 12  # more lines, and their names, cannot be told apart


def choose_rows(records: pd.DataFrame) -> pd.DataFrame:
    """Leave the runs of the dozen rows with the best mean accuracy, in their order."""
    best = records.groupby("label")["accuracy"].mean().nlargest(MOST_ROWS, keep="all").index
    if records["label"].nunique() <= MOST_ROWS:
        return records
    return records[records["label"].isin(best[:MOST_ROWS])]


def finished(records: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Leave the runs that are done and have all of some metrics, those as floats."""
    done = records[records["status"] == "done"].astype(dict.fromkeys(keys, float))
    return done.dropna(subset=keys)
