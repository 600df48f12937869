"""Every seed of every row, one panel per metric."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from otlvm.harness.figures.style import PAGE, height, looks, style, wrap_names
from otlvm.harness.metrics import METRICS, Metric

SHOWN = ("accuracy", "accuracy_hungarian", "nmi", "components_used", "bce", "latent_w2")
MOST = 6
"""More panels than these are too narrow for their numbers."""


def panels(chosen: Sequence[Metric] | None) -> list[Metric]:
    """Return the metrics that have a panel: the first of a suite's own choice, without times.

    Args:
        chosen: What the suite's table shows; None where it does not choose.
    """
    if chosen is None:
        return [metric for metric in METRICS if metric.key in SHOWN]
    return [metric for metric in chosen if not metric.timing][:MOST]


@style()
def draw_seeds(records: pd.DataFrame, chosen: Sequence[Metric] | None = None) -> Figure | None:
    """A mark for each seed and a bar at the mean, rows below each other.

    Args:
        records: The runs.
        chosen: The metrics that the suite's table shows, anyone's among them; None if all.

    Returns:
        The figure; None if no row has two finished seeds.
    """
    shown = panels(chosen)
    done = records[records["status"] == "done"]
    done = done.astype(dict.fromkeys((metric.key for metric in shown), float))
    metrics = [metric for metric in shown if done[metric.key].notna().any()]
    if not metrics or done.groupby("label").size().max() < 2:
        return None
    look = looks(records["label"])
    names = wrap_names(look, 26)
    figure = Figure((PAGE, 0.7 + len(look) * (height(names) + 0.1)), layout="constrained")
    axes = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    for axis, metric in zip(axes, metrics, strict=True):
        for row, (label, own) in enumerate(look.items()):
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
    figure.supxlabel("marks: seeds; bars: their mean", fontsize=7)
    return figure
