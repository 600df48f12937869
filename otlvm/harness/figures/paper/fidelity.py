"""Figure 7: how faithfully components and codes follow the classes."""

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from otlvm import plots
from otlvm.harness.figures.curves import PANELS, draw_bands, draw_levels
from otlvm.harness.figures.paper.source import LeftOutError, Source, letters, of_row
from otlvm.harness.figures.style import PAGE, add_legend, style

CODES = 1000


@style()
def draw_fidelity(source: Source) -> Figure:
    """Draw mean q(k|x) of each class, accuracy curves with lines, and a UMAP of the codes."""
    if source.curves.empty:
        raise LeftOutError("no run has a learning curve")
    figure = Figure((PAGE, 2.3 * len(source.rows)), layout="constrained")
    axes = figure.subplots(len(source.rows), 3, squeeze=False)
    title = letters()
    drawn: dict[str, Artist] = {}
    for (left, middle, right), row in zip(axes, source.rows, strict=True):
        with of_row(row):
            plots.class_components(row.pictures, left, ordered=True, names=row.classes)
            plots.latent(row.pictures, right, projection="umap", most=CODES, names=row.classes)
        drawn |= draw_bands(middle, source.curves, "accuracy", source.look)
        drawn |= draw_levels(middle, source.lines, source.look)
        middle.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        middle.set(xlabel="training steps", xlim=(0, source.curves["step"].max()))
        middle.set_ylim(bottom=0)
        title(left, f"{row.label}: mean q(k|x)", 2)
        title(middle, PANELS["accuracy"], 1.9)
        title(right, "codes, over samples of the prior (grey)", 1.9)
        plots.colour_bar(left, aspect=25).set_label("")
        plots.colour_bar(right, aspect=25)
    if source.note:
        figure.suptitle(source.note)
    add_legend(figure, list(drawn.values()), list(drawn))
    return figure
