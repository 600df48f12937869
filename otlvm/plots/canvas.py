"""Axes to draw on, the colours of classes, and colour bars."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.colorbar import Colorbar
from matplotlib.colors import BoundaryNorm

COLOURS = (
    *("#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE"),
    *("#882255", "#44AA99", "#999933", "#AA4499", "#000000"),
)
"""Ten colours for classes: Paul Tol's muted scheme, which colour-blind people can tell apart
(personal.sron.nl/~pault), and black; its grey is left to the prior."""
PRIOR = "0.8"


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
    if isinstance(shown.norm, BoundaryNorm):  # classes, not numbers
        bar.set_ticks(range(len(shown.norm.boundaries) - 1))
        bar.minorticks_off()
        bar.ax.tick_params(length=0)
        bar.ax.invert_yaxis()
    bar.outline.set_visible(False)
    return bar
