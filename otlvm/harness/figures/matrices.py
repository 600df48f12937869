"""Which components each class uses, one heat map per row."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from otlvm.harness.figures.style import COLUMN, PAGE, height, style, wrap, wrap_names
from otlvm.harness.store.store import Store
from otlvm.plots import class_components, colour_bar
from otlvm.plots.names import class_names

ACROSS = 4
LETTERS = 12
"""Of a class's name: panels are narrow."""


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


@style()
def draw_matrices(
    matrices: Mapping[str, NDArray[Any]], classes: Mapping[str, Sequence[str]]
) -> Figure | None:
    """Draw class x component matrices with one colour scale.

    Args:
        matrices: What `read_matrices` returned.
        classes: What each row's classes are called; by default 0, 1, 2 ....

    Returns:
        The figure; None if there is no matrix.
    """
    if not matrices:
        return None
    names = wrap_names(matrices, 16)
    across = min(ACROSS, len(names))
    down = math.ceil(len(names) / across)
    width = PAGE if across > 2 else COLUMN
    figure = Figure((width, down * (1.5 + height(names)) + 0.5), layout="constrained")
    axes = figure.subplots(down, across, squeeze=False).ravel()
    before: list[str] = []
    for place, (label, matrix) in enumerate(matrices.items()):
        axis, called = axes[place], class_names(len(matrix), classes.get(label), LETTERS)
        class_components({"class_components": matrix}, axis, ordered=True, names=called)
        axis.set(xlabel="", ylabel="", xticks=[])
        axis.set_title(names[place], fontsize=7)
        if place % across and called == before:  # the panel to the left names them
            axis.set_yticks([])
        before = called
    for axis in axes[len(names) :]:
        axis.remove()
    figure.supylabel("class", fontsize=8)
    order = "components, ordered so that the diagonal holds the most"
    figure.supxlabel(wrap(order, 36) if width == COLUMN else order, fontsize=8)
    colour_bar(*axes[: len(names)], aspect=30)
    return figure
