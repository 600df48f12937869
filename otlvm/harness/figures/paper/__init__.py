"""Figures 2 to 7 of Gaujac, Feige and Barber (2021), of what runs keep."""

from collections.abc import Callable

import pandas as pd
from matplotlib.figure import Figure

from otlvm.harness.figures.paper.collapse import draw_collapse
from otlvm.harness.figures.paper.deterioration import draw_deterioration
from otlvm.harness.figures.paper.fidelity import draw_fidelity
from otlvm.harness.figures.paper.images import draw_images, draw_interpolations
from otlvm.harness.figures.paper.manifold import draw_manifold
from otlvm.harness.figures.paper.source import LeftOutError, Source, read_source
from otlvm.harness.store.store import Store
from otlvm.harness.suite.figures_section import FigureEntry
from otlvm.plots import MissingArrayError

__all__ = ["DRAW", "LeftOutError", "Source", "draw_entry", "read_source"]

DRAW: dict[str, Callable[[Source], Figure]] = {
    "collapse": draw_collapse,
    "manifold": draw_manifold,
    "images": draw_images,
    "interpolations": draw_interpolations,
    "deterioration": draw_deterioration,
    "fidelity": draw_fidelity,
}


def draw_entry(store: Store, records: pd.DataFrame, entry: FigureEntry) -> Figure:
    """Draw a figure that a suite asks for.

    Args:
        store: Where the runs are.
        records: What `otlvm.harness.comparison.records.read_records` returns.
        entry: The figure.

    Raises:
        LeftOutError: If a row has no finished run, or its first one lacks what the figure shows.
    """
    try:
        return DRAW[entry.name](read_source(store, records, entry))
    except MissingArrayError as error:
        raise LeftOutError(f"{error}") from error
