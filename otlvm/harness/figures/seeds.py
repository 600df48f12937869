"""Every seed of every row, one panel per metric."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from otlvm.harness.figures.rows import looks_of
from otlvm.harness.figures.style import PAGE, Look, height, style, wrap_names
from otlvm.harness.metrics import METRICS, Metric

SHOWN = ("accuracy", "accuracy_hungarian", "nmi", "components_used", "bce", "latent_w2")
MOST = 6
"""More panels than these are too narrow for their numbers."""


def panels(records: pd.DataFrame, chosen: Sequence[Metric] | None) -> list[Metric]:
    """Return the metrics that can have a panel: those of a suite's own choice, without times.

    Args:
        records: The runs; metrics that none of them has are left out.
        chosen: What the suite's table shows; None where it does not choose.
    """
    shown = [metric for metric in METRICS if metric.key in SHOWN] if chosen is None else chosen
    return [each for each in shown if not each.timing and records[each.key].notna().any()]


@style()
def draw_seeds(
    records: pd.DataFrame,
    chosen: Sequence[Metric] | None = None,
    look: Mapping[str, Look] | None = None,
) -> Figure | None:
    """A mark for each seed and a bar at the mean, rows below each other.

    Args:
        records: The runs.
        chosen: The metrics that the suite's table shows, anyone's among them; None if all.
        look: How rows look, see `looks_of`; by default as those of these records.

    Returns:
        The figure; None if no row has two finished seeds.
    """
    done = records[records["status"] == "done"]
    known = panels(done, chosen)
    metrics = known[:MOST]
    done = done.astype(dict.fromkeys((metric.key for metric in metrics), float))
    if not metrics or done.groupby("label").size().max() < 2:
        return None
    look = look or looks_of(records)
    labels = list(dict.fromkeys(records["label"]))
    names = wrap_names(labels, 26)
    figure = Figure((PAGE, 0.7 + len(labels) * (height(names) + 0.1)), layout="constrained")
    axes = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axis, metric in zip(axes, metrics, strict=True):
        for row, label in enumerate(labels):
            own = look[label]
            values = done.loc[done["label"] == label, metric.key].dropna()
            axis.scatter(
                values,
                [row] * len(values),
                s=14,
                marker=own.marker,
                color=own.colour,
                alpha=0.6,
                linewidth=0,
                zorder=3,
            )
            if len(values):
                axis.plot(
                    values.mean(),
                    row,
                    "|",
                    color="0.1",
                    markersize=11,
                    markeredgewidth=1.4,
                    zorder=2,
                )
        axis.set_title(metric.heading)
        axis.margins(x=0.15)
        axis.xaxis.set_major_locator(MaxNLocator(3, min_n_ticks=2))
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.4, -0.6)
    told = "marks: seeds; bars: their mean"
    if len(known) > MOST:
        told += f"; the first {MOST} of the table's {len(known)} metrics that are no times"
    figure.supxlabel(told, fontsize=7)
    return figure
