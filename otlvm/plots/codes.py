"""The latent space: codes over the prior, and what its points decode to."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from otlvm.plots.arrays import MissingArrayError, Pictures, take
from otlvm.plots.canvas import PRIOR, ClassNorm, axes_or_new
from otlvm.plots.names import class_names
from otlvm.plots.palette import class_colours
from otlvm.plots.projections import project
from otlvm.plots.tiles import is_images, mosaic

NO_CLASS = "0.4"
COORDINATES = ("z₁", "z₂")


def latent(
    pictures: Pictures,
    ax: Axes | None = None,
    *,
    projection: str = "pca",
    most: int | None = None,
    names: Sequence[str] | None = None,
) -> Axes:
    """Scatter codes of held-out images, coloured by class, over samples of the prior (grey).

    Those of images without a label, whose label is negative, are dark grey crosses.

    `colour_bar` adds what says which colour is which class.

    Args:
        pictures: Arrays; needs ``codes``, ``[n, d]``, ``code_labels``, ``[n]``, and
            ``prior_codes``, ``[m, d]``.
        ax: Where to; a new figure by default.
        projection: How more than two dimensions become two, see `otlvm.plots.project`.
        most: Of how many images at most; by default all.
        names: What the classes are called, see `Dataset.class_names`; by default 0, 1, 2 ....

    Raises:
        MissingArrayError: If an array is missing or no code is finite.
    """
    ax = axes_or_new(ax)
    codes, labels = (take(pictures, name)[:most] for name in ("codes", "code_labels"))
    prior = take(pictures, "prior_codes")
    kept = np.isfinite(codes).all(axis=1)
    if not kept.any():
        raise MissingArrayError("none of the codes is finite")
    plane = project(codes[kept], prior[np.isfinite(prior).all(axis=1)], projection)
    count = max(1, int(take(pictures, "code_labels").max()) + 1)
    colours = ListedColormap(class_colours(count))
    size = float(np.clip(3000 / len(plane.points), 1.5, 10))
    ax.scatter(
        plane.prior[:, 0], plane.prior[:, 1], s=size, color=PRIOR, linewidths=0, label="prior"
    )
    labels = labels[kept]
    named, nameless = plane.points[labels >= 0], plane.points[labels < 0]
    if len(nameless):
        x, y = nameless.T
        ax.scatter(x, y, s=size, color=NO_CLASS, marker="x", label="no class")
    ax.scatter(
        named[:, 0],
        named[:, 1],
        s=size,
        c=labels[labels >= 0],
        cmap=colours,
        norm=ClassNorm(class_names(count, names)),
        linewidths=0,
        label="class",
    )
    ax.grid(visible=False)
    if plane.how:
        ax.set(xticks=[], yticks=[], xlabel=plane.how)
    else:
        ax.set(xlabel=COORDINATES[0], ylabel=COORDINATES[1])
    return ax


def latent_grid(pictures: Pictures, ax: Axes | None = None) -> Axes:
    """Show what a grid of a two-dimensional latent space decodes to, axes in latent units.

    Args:
        pictures: Arrays; needs ``latent_grid``, ``[rows, columns, C, H, W]``, of which row 0 has
            the largest z₂, and ``latent_grid_extent``: the smallest and largest z₁, and z₂.
        ax: Where to; a new figure by default.
    """
    ax = axes_or_new(ax)
    tiles, extent = take(pictures, "latent_grid"), take(pictures, "latent_grid_extent")
    ends = []
    for low, high, count in zip(extent[::2], extent[1::2], tiles.shape[1::-1], strict=True):
        half = (high - low) / max(1, count - 1) / 2  # tiles lie around their points
        ends += [float(low - half), float(high + half)]
    canvas = mosaic(tiles, gap=0).canvas
    ax.imshow(
        canvas,
        cmap="gray",
        vmin=0,
        vmax=255,
        extent=(ends[0], ends[1], ends[2], ends[3]),
        aspect="equal" if is_images(tiles) else "auto",
    )
    ax.grid(visible=False)
    ax.set(xlabel=COORDINATES[0], ylabel=COORDINATES[1])
    return ax
