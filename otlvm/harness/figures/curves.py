"""Learning curves: accuracy and BCE against steps, accuracy against time."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from otlvm import plots
from otlvm.harness.figures.rows import finished, looks_of
from otlvm.harness.figures.scales import log_x
from otlvm.harness.figures.style import COLUMN, PAGE, Look, add_legend, style

PANELS = {
    "accuracy": "accuracy (held-out)",
    "bce": "BCE (nats per image)",
    "nll": "NLL (nats per image)",
}
MARKS = 6  # markers a line
SIDE_BY_SIDE = "Times of runs side by side are not comparable."


@style()
def draw_curves(
    curves: pd.DataFrame, records: pd.DataFrame, look: Mapping[str, Look] | None = None
) -> Figure | None:
    """Accuracy, BCE and NLL of every row against steps; rows without curves have a line across.

    A row has a curve in the panels of what it measured. Without labels there is no accuracy, and
    the panel is left out.

    Args:
        curves: What `read_curves` returned.
        records: The rows to show.
        look: How rows look, see `looks_of`; by default as those of these records.

    Returns:
        The figure; None if no run has a curve of any of these.
    """
    panels = {key: title for key, title in PANELS.items() if key in curves}
    if not panels:
        return None
    look = look or looks_of(records)
    figure = Figure((PAGE, 2.4), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    drawn: dict[str, Artist] = {}
    for axis, (key, title) in zip(axes, panels.items(), strict=True):
        drawn |= draw_bands(axis, curves, key, look)
        axis.xaxis.set_major_locator(MaxNLocator(6))
        axis.set(xlabel="training steps", ylabel=title, xlim=(0, curves["step"].max()))
    if "accuracy" in panels:
        drawn |= draw_levels(axes[0], records[~records["label"].isin(curves["label"])], look)
        axes[0].set_ylim(bottom=0)  # after the lines: it ends the search for a top that shows all
    add_legend(figure, list(drawn.values()), list(drawn))
    return figure


@style()
def draw_time(
    curves: pd.DataFrame, records: pd.DataFrame, look: Mapping[str, Look] | None = None
) -> Figure | None:
    """Accuracy of every row against seconds of start and training, the baselines as points.

    The axis is logarithmic: a baseline's seconds and a training's minutes are seen side by side.

    Curves hold no times, since they are the same bit for bit whatever interrupts a training: a
    seed's seconds are those of its start, and its steps times the mean time of a step. A row's
    are their mean over seeds.

    Args:
        curves: What `read_curves` returned.
        records: The rows to show.
        look: How rows look, see `looks_of`; by default as those of these records.

    Returns:
        The figure; None if no run has a curve with accuracy, and the time of a step.
    """
    if "accuracy" not in curves:
        return None
    known = _timed(curves, records)
    if known.empty:
        return None
    look = look or looks_of(records)
    figure = Figure((COLUMN, 2.6), layout="constrained")
    axis = figure.subplots()
    drawn = draw_bands(axis, known, "accuracy", look, x="seconds")
    rest = finished(records[~records["label"].isin(curves["label"])], ["accuracy", "fit_seconds"])
    rest = rest[rest["fit_seconds"] > 0]
    for label, (x, y) in rest.groupby("label")[["fit_seconds", "accuracy"]].mean().iterrows():
        own = look[str(label)]
        (drawn[str(label)],) = axis.plot(
            x, y, own.marker, color=own.colour, markersize=6, label=str(label), clip_on=False
        )
    axis.set(xlabel="start and training (s)", ylabel=PANELS["accuracy"])
    log_x(axis, *axis.dataLim.intervalx)
    axis.set_ylim(bottom=0)
    used = records.loc[records["label"].isin(list(drawn)), "side_by_side"]
    if (used.astype(float) > 1).any():
        axis.set_title(SIDE_BY_SIDE, fontsize=7)
    add_legend(figure, list(drawn.values()), list(drawn))
    return figure


def _timed(curves: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """Add ``seconds`` to curves, the mean over a row's seeds; what is not timed has no place."""
    seeds = ["label", "seed"]
    times = finished(records, ["step_ms"])[[*seeds, "step_ms", "fit_seconds"]]
    known = curves.merge(times, on=seeds)
    last = known.groupby(seeds)["step"].transform("max")
    pace = known["step_ms"] / 1000
    start = (known["fit_seconds"].astype(float) - last * pace).clip(lower=0).fillna(0)
    known = known.assign(seconds=start + known["step"] * pace)
    known = known[known["seconds"] > 0]  # a logarithm has no 0
    rows = [plots.carried_on(row) for _, row in known.groupby("label", sort=False)]
    if not rows:
        return known
    whole = pd.concat(rows)
    seconds = whole.groupby(["label", "step"])["seconds"].transform("mean")
    return whole.assign(seconds=seconds)


def draw_bands(
    axis: Axes, curves: pd.DataFrame, key: str, look: Mapping[str, Look], x: str = "step"
) -> dict[str, Artist]:
    """Draw each row's mean over its seeds, and a band of one standard deviation around it."""
    drawn: dict[str, Artist] = {}
    for label, rows in curves.dropna(subset=[key]).groupby("label", sort=False):
        own = look[str(label)]
        every = max(1, rows[x].nunique() // MARKS)
        plots.curves(
            rows,
            axis,
            key=key,
            x=x,
            color=own.colour,
            linestyle=own.dashes,
            marker=own.marker,
            markersize=3,
            markevery=(len(drawn) % every, every),
            label=str(label),
        )
        drawn[str(label)] = axis.lines[-1]
    return drawn


def draw_levels(axis: Axes, records: pd.DataFrame, look: Mapping[str, Look]) -> dict[str, Artist]:
    """Draw the mean accuracy of each row's finished runs as a line across."""
    drawn: dict[str, Artist] = {}
    done = finished(records, ["accuracy"])
    for label, level in done.groupby("label", sort=False)["accuracy"].mean().items():
        own = look[str(label)]
        drawn[str(label)] = axis.axhline(
            level, color=own.colour, linestyle=own.dashes, label=str(label)
        )
    return drawn
