"""Grids of images: reconstructions, samples and interpolations."""

import math

import numpy as np
from matplotlib.axes import Axes

from otlvm.plots.arrays import Pictures, take
from otlvm.plots.canvas import axes_or_new
from otlvm.plots.tiles import PAPER, show_tiles


def reconstructions(
    pictures: Pictures, ax: Axes | None = None, *, step: int | None = None, columns: int = 10
) -> Axes:
    """Show held-out images, with what became of each in the row below.

    With two images of each of ten classes, ten columns are the classes.

    Args:
        pictures: Arrays; needs ``originals`` and ``reconstructions``, both ``[n, C, H, W]``.
        ax: Where to; a new figure by default.
        step: Reconstructions of the snapshot at this training step; by default those of the end.
        columns: How many images are beside each other.
    """
    ax = axes_or_new(ax)
    originals, decoded = take(pictures, "originals"), take(pictures, "reconstructions", step)
    pairs = math.ceil(len(originals) / columns)
    tiles = np.full((2 * pairs, columns, *originals.shape[1:]), PAPER, np.uint8)
    for place in range(len(originals)):
        column, pair = divmod(place, pairs)
        tiles[2 * pair, column] = originals[place]
        tiles[2 * pair + 1, column] = decoded[place]
    show_tiles(tiles, ax)
    return ax


def samples(pictures: Pictures, ax: Axes | None = None) -> Axes:
    """Show decoded draws of p(z|k), one column per component.

    Args:
        pictures: Arrays; needs ``samples``, ``[K, n, C, H, W]``.
        ax: Where to; a new figure by default.
    """
    return _columns(pictures, "samples", ax)


def modes_near(pictures: Pictures, ax: Axes | None = None) -> Axes:
    """Show decoded draws near the components' means, one column per component.

    Args:
        pictures: Arrays; needs ``near_modes``, ``[K, n, C, H, W]``: draws of p(z|k) with standard
            deviations times 3/5.
        ax: Where to; a new figure by default.
    """
    return _columns(pictures, "near_modes", ax)


def _columns(pictures: Pictures, name: str, ax: Axes | None) -> Axes:
    ax = axes_or_new(ax)
    tiles = take(pictures, name).swapaxes(0, 1)
    ax.set_xticks(show_tiles(tiles, ax).columns, [str(k) for k in range(tiles.shape[1])])
    ax.set_xlabel("component")
    return ax


def interpolations(pictures: Pictures, ax: Axes | None = None) -> Axes:
    """Show decoded interpolations between pairs of held-out images, one row per pair.

    The images themselves stand in the first and the last column.

    Args:
        pictures: Arrays; needs ``interpolations``, ``[pairs, steps, C, H, W]``, and
            ``interpolation_ends``, ``[pairs, 2, C, H, W]``.
        ax: Where to; a new figure by default.
    """
    ax = axes_or_new(ax)
    between, ends = take(pictures, "interpolations"), take(pictures, "interpolation_ends")
    found = show_tiles(np.concatenate([ends[:, :1], between, ends[:, 1:]], axis=1), ax)
    ax.set_xticks(found.columns[[0, -1]], ["data", "data"])
    return ax


def mode_interpolations(pictures: Pictures, ax: Axes | None = None) -> Axes:
    """Show decoded interpolations from one component's mean to the others', a row each.

    Args:
        pictures: Arrays; needs ``mode_interpolations``, ``[K - 1, steps, C, H, W]``, and
            ``mode_start``, the component where they start.
        ax: Where to; a new figure by default.
    """
    ax = axes_or_new(ax)
    tiles, start = take(pictures, "mode_interpolations"), int(take(pictures, "mode_start"))
    found = show_tiles(tiles, ax)
    others = [str(k) for k in range(len(tiles) + 1) if k != start]
    ax.set_yticks(found.rows, others)
    ax.yaxis.tick_right()
    ax.yaxis.set_label_position("right")
    ax.tick_params(length=0)
    ax.set_ylabel("to component")
    ax.set_xticks(found.columns[:1], [f"{start}"])
    return ax
