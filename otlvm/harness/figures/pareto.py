"""What reconstruction costs in divergence from the prior."""

from collections.abc import Mapping
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from otlvm.harness.comparison.yardsticks import Yardsticks
from otlvm.harness.figures.rows import finished, looks_of
from otlvm.harness.figures.scales import log_x
from otlvm.harness.figures.style import COLUMN, DASHES, Look, add_legend, style
from otlvm.harness.metrics import METRICS

X, Y = "latent_mmd", "bce"
FAR = 10
"""Sizes that differ by this factor share no linear axis."""
FRONT = "front of the means"
OF_EACH = "front of each prior"
OF_EACH_DATA = "front of each data set and prior"
SMALL: dict[str, Any] = {"markersize": 3, "markeredgewidth": 0}
LARGE: dict[str, Any] = {"markersize": 6.5, "markeredgewidth": 0.6, "markeredgecolor": "0.15"}


def pareto_front(costs: pd.DataFrame) -> pd.DataFrame:
    """Leave the rows that no other row beats: none is as low in all columns and lower in one.

    Args:
        costs: Columns of which the lowest is best; a row with a NaN is left out.

    Returns:
        The rows left, by the first column, then the others.
    """
    known = costs.dropna()
    values = known.to_numpy(float)
    not_higher = (values[:, None] <= values[None]).all(axis=2)
    lower = (values[:, None] < values[None]).any(axis=2)
    beaten = (not_higher & lower).any(axis=0)
    return known.iloc[np.flatnonzero(~beaten)].sort_values(list(known.columns))


@style()
def draw_pareto(records: pd.DataFrame, look: Mapping[str, Look] | None = None) -> Figure | None:
    """BCE against the size of MMD²: small marks are runs, large ones rows; and the rows' front.

    Rows of each data set and prior have a front of their own, as the table ranks them.

    Args:
        records: The rows to show.
        look: How rows look, see `looks_of`; by default as those of these records.

    Returns:
        The figure; None if fewer than two rows have both.
    """
    known = finished(records, [X, Y])
    known = known.assign(**{X: known[X].abs()})
    means = known.groupby("label", sort=False)[[X, Y]].mean()
    if len(means) < 2:
        return None
    look = look or looks_of(records)
    figure = Figure((COLUMN, 2.6), layout="constrained")
    axis = figure.subplots()
    line: dict[str, Any] = {"where": "post", "color": "0.3", "linewidth": 1, "zorder": 1.5}
    fronts = []
    parts = _comparable(known, means)
    for part, dashes in zip(parts, cycle(DASHES)):
        front = pareto_front(part)
        fronts += axis.step(front[X], front[Y], linestyle=dashes, **line)
    handles = []
    for label, runs in known.groupby("label", sort=False):
        own = look[str(label)]
        axis.plot(runs[X], runs[Y], own.marker, color=own.colour, alpha=0.55, **SMALL)
        mean = means.loc[[label]]
        handles += axis.plot(mean[X], mean[Y], own.marker, color=own.colour, **LARGE)
    axis.set(xlabel="|MMD²| (IMQ): codes against the prior", ylabel="BCE (nats per image)")
    low, high = known[X].min(), known[X].max()
    if low > 0 and high >= FAR * low:
        log_x(axis, low, high)
    small = Line2D([], [], marker="o", color="0.5", linestyle="", **SMALL)
    of_each = OF_EACH_DATA if len(set(known.get("data", ()))) > 1 else OF_EACH
    named = [FRONT if len(part) == len(means) else of_each for part in parts[:1]]
    names = [*map(str, means.index), *named, "one seed"]
    add_legend(figure, [*handles, *fronts[:1], small], names)
    return figure


def _comparable(known: pd.DataFrame, means: pd.DataFrame) -> list[pd.DataFrame]:
    """Part rows into those of one data set and prior, and leave those that compare with none."""
    metric = next(metric for metric in METRICS if metric.key == X)
    parts = means.groupby(Yardsticks(known).of_rows(metric).reindex(means.index), sort=False)
    return [part for _, part in parts if len(part) > 1]
