"""Figures 4 and 5: what a model reconstructs, generates and interpolates."""

from matplotlib.figure import Figure

from otlvm import plots
from otlvm.harness.figures.paper.source import Source, letters, of_row
from otlvm.harness.figures.style import PAGE, style


@style()
def draw_images(source: Source) -> Figure:
    """Draw reconstructions, samples of each component, and samples near its mean."""
    figure = Figure((PAGE, 2.75 * len(source.rows)), layout="compressed")
    axes = figure.subplots(len(source.rows), 3, squeeze=False, width_ratios=(5, 10, 10))
    title = letters()
    for (left, middle, right), row in zip(axes, source.rows, strict=True):
        with of_row(row):
            plots.reconstructions(row.pictures, left, columns=5)
            plots.samples(row.pictures, middle)
            plots.modes_near(row.pictures, right)
        title(left, "reconstructions", 1.3)
        title(middle, f"{row.label}: samples", 2.6)
        title(right, "near the modes, std × 3/5", 2.6)
    return figure


@style()
def draw_interpolations(source: Source) -> Figure:
    """Draw interpolations between held-out images, and from one component's mean to the others."""
    figure = Figure((PAGE, 3.3 * len(source.rows)), layout="compressed")
    axes = figure.subplots(len(source.rows), 2, squeeze=False)
    title = letters()
    for (left, right), row in zip(axes, source.rows, strict=True):
        with of_row(row):
            plots.interpolations(row.pictures, left)
            plots.mode_interpolations(row.pictures, right)
        title(left, f"{row.label}: between data points", 3.2)
        title(right, f"between modes, from component {int(row.pictures['mode_start'])}", 3.2)
    return figure
