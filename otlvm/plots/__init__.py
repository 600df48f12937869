"""Draw what a model shows and how it learned. Needs no torch.

The functions take the arrays of `otlvm.evaluation.show_model` (what a run keeps as
``pictures.npz``), or the rows of a learning curve, draw on a matplotlib Axes and return it:

    pictures = otlvm.evaluation.show_model(model, data)
    colour_bar(latent(pictures))
    losses(history.rows)
"""

from otlvm.plots.arrays import MissingArrayError, snapshots
from otlvm.plots.assignments import class_components, order_components
from otlvm.plots.canvas import colour_bar
from otlvm.plots.codes import latent, latent_grid
from otlvm.plots.histories import carried_on, curves, losses
from otlvm.plots.images import (
    interpolations,
    mode_interpolations,
    modes_near,
    reconstructions,
    samples,
)
from otlvm.plots.palette import COLOURS, class_colours
from otlvm.plots.projections import pca, project

__all__ = [
    "COLOURS",
    "MissingArrayError",
    "carried_on",
    "class_colours",
    "class_components",
    "colour_bar",
    "curves",
    "interpolations",
    "latent",
    "latent_grid",
    "losses",
    "mode_interpolations",
    "modes_near",
    "order_components",
    "pca",
    "project",
    "reconstructions",
    "samples",
    "snapshots",
]
