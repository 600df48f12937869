"""Figure 2: what becomes of a model within its first steps, and by the end."""

from matplotlib.artist import Artist
from matplotlib.figure import Figure

from otlvm import plots
from otlvm.harness.figures.paper.source import LeftOutError, Source, letters, of_row
from otlvm.harness.figures.style import PAGE, add_legend, style


@style()
def draw_collapse(source: Source) -> Figure:
    """Draw loss terms, mean q(k|x) of each class and reconstructions, early above late.

    Early is the first snapshot after training began.
    """
    figure = Figure((PAGE, 3.9 * len(source.rows)), layout="constrained")
    axes = figure.subplots(2 * len(source.rows), 3, width_ratios=(1.15, 1.1, 1.5))
    title = letters()
    drawn: dict[str, Artist] = {}
    for place, row in enumerate(source.rows):
        early = next((step for step in plots.snapshots(row.pictures) if step > 0), None)
        if early is None:
            remedy = "'train.snapshots' keeps them"
            raise LeftOutError(f"{row.label!r} has no snapshot after step 0; {remedy}")
        last = "end" if row.history.empty else f"step {row.history['step'].max():,}"
        for line, (step, when) in enumerate(((early, f"step {early:,}"), (None, last))):
            left, middle, right = axes[2 * place + line]
            history = row.history
            if step is not None and not history.empty:
                history = history[history["step"] <= step]
            with of_row(row):
                plots.losses(history, left)
                plots.class_components(row.pictures, middle, step=step, names=row.classes)
                plots.reconstructions(row.pictures, right, step=step)
            title(left, f"{row.label}, to {when}", 1.7)
            title(middle, "mean q(k|x)", 1.6)
            title(right, f"reconstructions, {when if step else row.end('step {}')}", 2.2)
            handles, names = left.get_legend_handles_labels()
            drawn |= dict(zip(names, handles, strict=True))
            plots.colour_bar(middle, aspect=25).set_label("")
    add_legend(figure, list(drawn.values()), list(drawn))
    return figure
