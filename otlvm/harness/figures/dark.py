"""The same drawing for a dark page: greys are turned around, and dark colours are lightened."""

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.colors import ListedColormap, to_rgba, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from seaborn.utils import relative_luminance

from otlvm.plots.canvas import ClassNorm

FOLDER = "dark"
"""Where dark figures lie, in the folder of the light ones."""
PAPER, INK = "#15181c", "#e5e8ec"
"""Those of the report."""
GREY = 0.06
"""The parts of a grey differ by less."""
CONTRAST = 3.0
"""What WCAG 2 asks of what has to be told from its ground."""
Colour = tuple[float, float, float, float]


def darken(figure: Figure) -> None:
    """Turn a drawing on white into one on dark grey, in place.

    Images, and texts on them, stay: their colours are numbers or pixels.
    """
    on_images = {text for axis in figure.axes if axis.images for text in axis.texts}
    for drawn in (collection for axis in figure.axes for collection in axis.collections):
        if isinstance(drawn.norm, ClassNorm) and isinstance(drawn.cmap, ListedColormap):
            colours = ListedColormap([*map(dark, to_rgba_array(drawn.cmap.colors))])
            with drawn.callbacks.blocked(signal="changed"):  # a colour bar would lose its names
                drawn.set_cmap(colours)
    for artist in figure.findobj():
        if artist not in on_images:
            _recolour(artist)


def dark(colour: Any) -> Colour:
    """Return the colour that takes the place of another on a dark ground."""
    *parts, alpha = to_rgba(colour)
    own, paper, ink = (np.array(each) for each in (parts, to_rgba(PAPER)[:3], to_rgba(INK)[:3]))
    if np.ptp(own) < GREY:
        found = ink + own.mean() * (paper - ink)
    else:
        ground = relative_luminance(paper) + 0.05
        lighter = (own + share * (1 - own) for share in np.linspace(0, 1, 51))
        found = next(c for c in lighter if relative_luminance(c) + 0.05 >= CONTRAST * ground)
    red, green, blue = map(float, found)
    return red, green, blue, alpha


def _recolour(artist: Artist) -> None:
    if isinstance(artist, Text):
        artist.set_color(dark(artist.get_color()))
    elif isinstance(artist, Patch):
        alpha, face, edge = artist.get_alpha(), artist.get_facecolor(), artist.get_edgecolor()
        artist.set(facecolor=dark(face), edgecolor=dark(edge), alpha=alpha)
    elif isinstance(artist, Line2D):
        face, edge = artist.get_markerfacecolor(), artist.get_markeredgecolor()
        artist.set(
            color=dark(artist.get_color()),
            markerfacecolor=dark(face),
            markeredgecolor=dark(edge),
        )
    elif isinstance(artist, Collection) and artist.get_array() is None:
        faces, edges = artist.get_facecolor(), artist.get_edgecolor()
        artist.set_facecolor([*map(dark, to_rgba_array(faces))])
        artist.set_edgecolor([*map(dark, to_rgba_array(edges))])
