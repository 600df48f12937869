"""Figure 3: two-dimensional latent spaces."""

from matplotlib.figure import Figure

from otlvm import plots
from otlvm.harness.figures.paper.source import LeftOutError, Source, letters, of_row
from otlvm.harness.figures.style import COLUMN, PAGE, style


@style()
def draw_manifold(source: Source) -> Figure:
    """Draw each row's codes over samples of the prior, and below what the latent plane decodes to.

    Raises:
        LeftOutError: If a latent space is not two-dimensional.
    """
    across = len(source.rows)
    width = COLUMN if across == 1 else PAGE
    panel = (width - 0.5) / across
    figure = Figure((width, 2 * panel + 0.4), layout="constrained")
    axes = figure.subplots(2, across, squeeze=False)
    title = letters()
    for axis, row in zip(axes[0], source.rows, strict=True):
        dim = row.pictures["codes"].shape[1] if "codes" in row.pictures else 2
        if dim != 2:
            raise LeftOutError(f"{row.label!r} has {dim} latent dimensions, not two")
        with of_row(row):
            plots.latent(row.pictures, axis, names=row.classes)
        axis.set_aspect("equal", adjustable="datalim")
        title(axis, f"{row.label}: codes", panel - 0.4)
    for axis, row in zip(axes[1], source.rows, strict=True):
        with of_row(row):
            plots.latent_grid(row.pictures, axis)
        title(axis, f"{row.label}: decoded plane", panel - 0.4)
    alike = len({tuple(row.classes or ()) for row in source.rows}) == 1
    for shared in [axes[0]] if alike else axes[0][:, None]:
        plots.colour_bar(*shared, aspect=25)
    return figure
