"""Which components each class uses, a heat map a row. Never imports torch."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from benchmarks.figures.style import COLUMN, PAGE, height, style, wrap, wrap_names
from benchmarks.store import Store

ACROSS = 4


def read_matrices(store: Store, records: pd.DataFrame) -> dict[str, NDArray[Any]]:
    """Read the mean q(k|x) of each class for the first finished seed of each row.

    Returns:
        Matrices ``[classes, components]`` by label; rows without one are left out.
    """
    firsts = records[records["status"] == "done"].drop_duplicates("label")
    found = {}
    for run_id, label in firsts[["id", "label"]].to_numpy():
        pictures = store.pictures(run_id)
        if "class_components" in pictures:
            found[str(label)] = pictures["class_components"]
    return found


def order_components(matrix: NDArray[Any]) -> NDArray[np.intp]:
    """Order components so that the diagonal of ``[classes, components]`` holds the most.

    Those that no class is left for come last, by the class that uses them most.
    """
    classes, components = linear_sum_assignment(matrix, maximize=True)
    rest = np.setdiff1d(np.arange(matrix.shape[1]), components)
    matched = components[np.argsort(classes)]
    return np.concatenate([matched, rest[np.argsort(matrix[:, rest].argmax(axis=0))]])


@style()
def draw_matrices(matrices: Mapping[str, NDArray[Any]]) -> Figure | None:
    """Draw class x component matrices with one colour scale.

    Args:
        matrices: What `read_matrices` returned.

    Returns:
        The figure; None if there is no matrix.
    """
    if not matrices:
        return None
    names = wrap_names(matrices, 22)
    across = min(ACROSS, len(names))
    down = math.ceil(len(names) / across)
    width = PAGE if across > 2 else COLUMN
    figure = Figure((width, down * (1.5 + height(names)) + 0.5), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False).ravel()
    for axis, name, matrix in zip(axes, names, matrices.values(), strict=False):
        ordered = matrix[:, order_components(matrix)]
        image = axis.imshow(ordered, cmap="cividis", vmin=0, vmax=1, aspect="auto")
        axis.set_title(name, fontsize=7)
        axis.grid(visible=False)
        axis.set_xticks([])
        axis.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    for axis in axes[len(names) :]:
        axis.remove()
    figure.supylabel("class", fontsize=8)
    order = "components, ordered so that the diagonal holds the most"
    figure.supxlabel(wrap(order, 36) if width == COLUMN else order, fontsize=8)
    figure.colorbar(image, ax=list(axes[: len(names)]), label="mean q(k|x)", aspect=30)
    return figure
