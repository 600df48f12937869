"""Which cells are marked, since they are not ranked though a reader would expect it."""

from collections.abc import Sequence

import pandas as pd

from otlvm.harness.comparison.seed_tests import MIN_SEEDS
from otlvm.harness.comparison.yardsticks import ALIKE
from otlvm.harness.metrics import Metric

UNLIKE_MARK = " †"
UNLIKE_NOTE = f"†: fewer than two such rows with {MIN_SEEDS} seeds, so not ranked."


def with_unlike(summary: pd.DataFrame, metrics: Sequence[Metric]) -> pd.DataFrame:
    """Add ``<metric>_unlike``: whether other rows of the data set are measured otherwise.

    So that the row is ranked with none, though the data set has rows with enough seeds.
    """
    return summary.assign(**{f"{each.key}_unlike": _unlike(summary, each) for each in metrics})


def _unlike(summary: pd.DataFrame, metric: Metric) -> pd.Series:
    measured, enough = _measured(summary, metric)
    of_data = enough.groupby(summary["data"], dropna=False).transform("sum")
    of_group = enough.groupby(summary[f"{metric.key}_group"]).transform("sum")
    told = summary["side_by_side"].astype(bool) & metric.timing  # these have a mark already
    ranked = of_group.fillna(0) >= 2
    return measured & ~ranked & (of_data >= 2) & ~told & (metric.best is not None)


def lacks_seeds(summary: pd.DataFrame, metric: Metric) -> bool:
    """Tell whether rows that compare are not ranked, since they have too few seeds."""
    measured, enough = _measured(summary, metric)
    groups = summary[f"{metric.key}_group"]
    several = measured.groupby(groups).sum() >= 2
    return metric.best is not None and bool((several & (enough.groupby(groups).sum() < 2)).any())


def scopes(summary: pd.DataFrame, metrics: Sequence[Metric]) -> str:
    """Say which metrics are ranked among some of the rows of a data set only, and which rows."""
    found: dict[str, list[str]] = {}
    for metric in metrics:
        known = summary[summary[f"{metric.key}_mean"].notna()]
        groups = known.groupby("data", dropna=False)[f"{metric.key}_group"].nunique(dropna=False)
        if metric.best is not None and (groups > 1).any():
            found.setdefault(ALIKE[metric.yardstick], []).append(metric.title)
    parts = [f"of {alike}: {', '.join(titles)}" for alike, titles in found.items()]
    return f"Ranked only among rows {'; '.join(parts)}." if parts else ""


def _measured(summary: pd.DataFrame, metric: Metric) -> tuple[pd.Series, pd.Series]:
    """Which rows have a metric, and which of them by enough seeds."""
    measured = summary[f"{metric.key}_mean"].notna()
    return measured, measured & (summary[f"{metric.key}_n"] >= MIN_SEEDS)
