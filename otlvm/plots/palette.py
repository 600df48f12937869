"""Colours of classes: a few that are told apart well, and others where there are more classes."""

import colorsys

import numpy as np

COLOURS = (
    *("#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE"),
    *("#882255", "#44AA99", "#999933", "#AA4499", "#000000"),
)
"""Ten colours for classes: Paul Tol's muted scheme, which colour-blind people can tell apart
(personal.sron.nl/~pault), and black; its grey is left to the prior."""
GOLDEN = (5**0.5 - 1) / 2
"""Of the circle of hues; so far apart, no two of any number come close."""
FIRST = 0.18
"""A hue that keeps the first of them apart from the ten."""
BRIGHTNESS = (0.15, 0.27, 0.42)
"""Seen on white paper and on dark."""
SATURATION = 0.75
WEIGHTS = (0.2126, 0.7152, 0.0722)
"""How bright an eye takes red, green and blue to be."""


def class_colours(count: int) -> list[str]:
    """Return as many colours as there are classes, no two of them equal."""
    return [*COLOURS[:count], *further_colours(count - len(COLOURS))]


def further_colours(count: int) -> list[str]:
    """Return colours for more groups than a palette has; none for zero or less."""
    return [
        _colour((FIRST + n * GOLDEN) % 1, BRIGHTNESS[n % len(BRIGHTNESS)]) for n in range(count)
    ]


def _colour(hue: float, brightness: float) -> str:
    """Return the darkest colour of a hue that is as bright."""
    shades = (colorsys.hls_to_rgb(hue, light, SATURATION) for light in np.linspace(0, 1, 201))
    found = next(rgb for rgb in shades if np.dot(np.power(rgb, 2.2), WEIGHTS) >= brightness)
    return "#" + "".join(f"{round(255 * part):02x}" for part in found)
