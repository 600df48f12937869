"""Learning curves: the terms of a loss, and a quantity over its seeds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from otlvm.plots.arrays import MissingArrayError
from otlvm.plots.canvas import axes_or_new

Rows = pd.DataFrame | Sequence[Mapping[str, float]]
"""The rows of a learning curve: ``step``, and one column per measured quantity."""
TERMS = {
    "reconstruction": "reconstruction",
    "kl_z": "KL of z",
    "kl_k": "KL of k",
    "divergence": "divergence",
}
"""The terms of our objectives, in the order in which they are drawn, and what they are called."""
LINES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (3, 1, 1.5, 1)))
COLOURS = ("#0173b2", "#de8f05", "#029e73", "#cc78bc")  # seaborn's colour-blind-safe ones
WIDE = 50
"""Terms that differ by more than this factor share no linear axis."""
FEW = 12
"""So few rows have a mark each."""


def losses(history: Rows, ax: Axes | None = None, *, terms: Iterable[str] | None = None) -> Axes:
    """Draw the terms of a loss against training steps.

    The axis is logarithmic where terms differ by orders of magnitude, and linear around zero where
    one of them is not positive, as an unbiased divergence may be.

    Args:
        history: Rows of a learning curve.
        ax: Where to; a new figure by default.
        terms: Which columns; by default the reconstruction, the KL terms and the divergence, those
            that there are.

    Raises:
        MissingArrayError: If no such column has a finite number.
    """
    ax = axes_or_new(ax)
    frame = pd.DataFrame(history)
    names = [name for name in (TERMS if terms is None else terms) if name in frame]
    if not names or frame.empty or not np.isfinite(frame[names].to_numpy(float)).any():
        raise MissingArrayError("the learning curve has no terms of a loss")
    others = [name for name in names if name not in TERMS]
    for name in names:
        place = [*TERMS, *others].index(name)  # a term looks the same in every panel
        ax.plot(
            frame["step"],
            frame[name],
            color=COLOURS[place % len(COLOURS)],
            linestyle=LINES[place % len(LINES)],
            marker="o" if len(frame) <= FEW else "",
            markersize=2.5,
            label=TERMS.get(name, name),
        )
    _scale(ax, frame[names].to_numpy(float))
    ax.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    ax.set(xlabel="training steps", ylabel="terms of the loss")
    return ax


def _scale(ax: Axes, values: np.ndarray[Any, Any]) -> None:
    """Choose an axis on which all values can be read."""
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if not len(sizes) or sizes.max() < WIDE * sizes.min():
        return
    if np.nanmin(values) > 0:
        ax.set_yscale("log")
    else:
        ax.set_yscale("symlog", linthresh=max(np.quantile(sizes, 0.1), sizes.max() * 1e-5))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def curves(
    histories: Rows,
    ax: Axes | None = None,
    *,
    key: str = "accuracy",
    x: str = "step",
    **line: Any,
) -> Axes:
    """Draw the mean of a quantity over seeds, and a band of one standard deviation around it.

    A seed whose training stopped early keeps its last value to the end, see `carried_on`.

    Args:
        histories: Rows of the learning curves of all seeds, one after the other, and in ``seed``
            whose they are.
        ax: Where to; a new figure by default.
        key: Which column.
        x: Against which column.
        line: How the line looks, as ``Axes.plot`` takes it; ``label`` too.
    """
    ax = axes_or_new(ax)
    frame = pd.DataFrame(histories)
    if not {key, x} <= set(frame):
        raise MissingArrayError(f"the learning curves have no {key!r} against {x!r}")
    if "seed" in frame:
        frame = carried_on(frame, x)
    level = frame.groupby(x)[key].agg(["mean", "std"]).dropna(subset="mean")
    (drawn,) = ax.plot(level.index, level["mean"], **line)
    low, high = (level["mean"] + sign * level["std"] for sign in (-1, 1))
    ax.fill_between(level.index, low, high, color=drawn.get_color(), alpha=0.2, linewidth=0)
    return ax


def carried_on(frame: pd.DataFrame, x: str = "step") -> pd.DataFrame:
    """Let each seed keep its last row until the last step of any.

    Else the mean over seeds would jump where one of them stops.

    Args:
        frame: Rows of learning curves, with a column ``seed``.
        x: The column by which rows follow each other.
    """
    rows = frame.reset_index(drop=True)
    ends = rows.loc[rows.groupby("seed", sort=False)[x].idxmax()]
    steps = sorted(rows[x].unique())
    later = [ends[ends[x] < step].assign(**{x: step}) for step in steps]
    whole: pd.DataFrame = pd.concat([rows, *filter(len, later)], ignore_index=True)
    return whole
