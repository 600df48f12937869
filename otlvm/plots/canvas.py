"""Axes to draw on, and colour bars."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import BoundaryNorm

from otlvm.plots.names import set_names

PRIOR = "0.8"


class ClassNorm(BoundaryNorm):
    """Colours for classes rather than numbers; knows what they are called.

    Args:
        names: The names of the classes 0, 1, 2 ....
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(np.arange(len(names) + 1) - 0.5, len(names))
        self.names = list(names)


def axes_or_new(ax: Axes | None) -> Axes:
    """Return the given Axes, or that of a new figure, which a notebook shows."""
    if ax is not None:
        return ax
    from matplotlib import pyplot  # chooses a window system, so only where one is wanted

    return pyplot.subplots(layout="constrained")[1]


def colour_bar(*axes: Axes, **options: Any) -> Colorbar:
    """Add the colour bar of an Axes that `latent` or `class_components` drew.

    Args:
        axes: The Axes, or several that are alike and share the bar.
        options: What ``Figure.colorbar`` takes besides.
    """
    first = axes[0]
    shown = first.images[0] if first.images else first.collections[-1]
    bar = first.figure.colorbar(shown, ax=list(axes), label=str(shown.get_label()), **options)
    if isinstance(shown.norm, ClassNorm):
        set_names(bar.long_axis, shown.norm.names)
        bar.minorticks_off()
        bar.ax.tick_params(length=0)
        bar.ax.invert_yaxis()
    bar.outline.set_visible(False)
    return bar
