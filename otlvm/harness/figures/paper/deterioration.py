"""Figure 6: a training that spoils the reconstructions it began with."""

from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from otlvm import plots
from otlvm.harness.figures.curves import PANELS, draw_bands
from otlvm.harness.figures.paper.source import LeftOutError, Source, letters, of_row
from otlvm.harness.figures.style import PAGE, add_legend, style


@style()
def draw_deterioration(source: Source) -> Figure:
    """Draw reconstructions before and after training, its loss terms, and BCE curves."""
    down = len(source.rows)
    figure = Figure((PAGE, 3.9 * down), layout="constrained")
    axes = figure.subplots(2 * down, 2, squeeze=False, height_ratios=(1.5, 2.2) * down)
    title = letters()
    if source.curves.empty:
        raise LeftOutError("no run has a learning curve")
    drawn: dict[str, Artist] = {}
    for place, row in enumerate(source.rows):
        (before, after), (left, right) = axes[2 * place : 2 * place + 2]
        with of_row(row):
            plots.reconstructions(row.pictures, before, step=0)
            plots.reconstructions(row.pictures, after)
            plots.losses(row.history, left)
        left.set_ylabel("")
        title(before, f"{row.label}: before training", 3)
        title(after, row.end("after {} steps"), 3)
        title(left, "terms of its loss", 3)
        shown = "bce" if "bce" in row.history else "nll"
        title(right, PANELS[shown], 3)
        left.legend(loc="best")
        drawn |= draw_bands(right, source.curves, shown, source.look)
        right.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        right.set(xlabel="training steps")
        right.set_xlim(left=0)
    if source.note:
        figure.suptitle(source.note)
    add_legend(figure, list(drawn.values()), list(drawn))
    return figure
