"""Which components each class uses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from otlvm.plots.arrays import Pictures, take
from otlvm.plots.canvas import axes_or_new
from otlvm.plots.names import MOST_NAMES, class_names, set_names


def order_components(matrix: NDArray[Any]) -> NDArray[np.intp]:
    """Order components so that the diagonal of ``[classes, components]`` holds the most.

    Those that no class is left for come last, by the class that uses them most.
    """
    classes, components = linear_sum_assignment(matrix, maximize=True)
    rest = np.setdiff1d(np.arange(matrix.shape[1]), components)
    matched = components[np.argsort(classes)]
    return np.concatenate([matched, rest[np.argsort(matrix[:, rest].argmax(axis=0))]])


def class_components(
    pictures: Pictures,
    ax: Axes | None = None,
    *,
    step: int | None = None,
    ordered: bool = False,
    names: Sequence[str] | None = None,
) -> Axes:
    """Show the mean q(k|x) of each class as a matrix: one row per class, one column per component.

    `colour_bar` adds its scale, which is 0 to 1.

    Args:
        pictures: Arrays; needs ``class_components``, ``[classes, K]``.
        ax: Where to; a new figure by default.
        step: That of the snapshot at this training step; by default that of the end.
        ordered: Whether components are ordered so that the diagonal holds the most; their numbers
            stand below.
        names: What the classes are called, see `Dataset.class_names`; by default 0, 1, 2 ....
    """
    ax = axes_or_new(ax)
    matrix = take(pictures, "class_components", step)
    components = order_components(matrix) if ordered else np.arange(matrix.shape[1])
    image = ax.imshow(matrix[:, components], cmap="cividis", vmin=0, vmax=1, aspect="auto")
    image.set_label("mean q(k|x)")
    ax.grid(visible=False)
    if len(components) <= MOST_NAMES:
        ax.set_xticks(range(len(components)), list(map(str, components)))
    else:
        ax.set_xticks([])
    set_names(ax.yaxis, class_names(len(matrix), names))
    ax.set(xlabel="component", ylabel="class")
    return ax
