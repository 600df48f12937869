"""What a run's model shows, for the run's section; any of its arrays may be missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otlvm.harness.report.images import Picture, grid
from otlvm.harness.report.scatter import legend, scatter
from otlvm.plots import project
from otlvm.plots.names import class_names
from otlvm.plots.tiles import is_images

Arrays = Mapping[str, NDArray[Any]]
UNKNOWN = -1
PART = 10
"""How many examples are beside each other."""
LONGEST = 28
"""Letters of a class's name."""


class Scatter(NamedTuple):
    """Latent codes in the plane.

    Attributes:
        picture: The points.
        legend: The name and the colour of each group.
        by: What the groups are, ``class`` or ``component``.
    """

    picture: Picture
    legend: list[tuple[str, str]]
    by: str


@dataclass
class RunPictures:
    """A run's pictures.

    Attributes:
        reconstructions: Held-out data above what became of it, in parts that fit a small screen.
        components: Each component's mean and samples.
        scatters: Codes by class, then by component, as far as they are known.
        shares: Each class's name, and the share of it that each component takes.
    """

    reconstructions: list[Picture] = field(default_factory=list)
    components: Picture | None = None
    scatters: list[Scatter] = field(default_factory=list)
    shares: list[tuple[str, list[float]]] = field(default_factory=list)


def draw(arrays: Arrays, name: str, classes: Sequence[str] | None = None) -> RunPictures:
    """Draw arrays.

    Args:
        arrays: What `otlvm.evaluation.show_model` returns.
        name: The run, as the pictures' alternative texts call it.
        classes: What the classes are called; by default 0, 1, 2 ....
    """
    shares = arrays.get("class_components", np.zeros((0, 0))).tolist()
    return RunPictures(
        _reconstructions(arrays, name),
        _components(arrays, name),
        _scatters(arrays, name, classes or ()),
        list(zip(class_names(len(shares), classes, LONGEST), shares, strict=True)),
    )


def _reconstructions(arrays: Arrays, name: str) -> list[Picture]:
    if not {"originals", "reconstructions"} <= arrays.keys():
        return []
    pairs = np.stack([arrays["originals"], arrays["reconstructions"]])
    drawn = []
    for start in range(0, pairs.shape[1], PART):
        part = pairs[:, start : start + PART]
        last = start + part.shape[1] - 1
        alt = f"{name}: held-out examples {start} to {last}, each above its reconstruction"
        drawn.append(grid(part if is_images(part) else part.swapaxes(0, 1), alt))
    return drawn


def _components(arrays: Arrays, name: str) -> Picture | None:
    known = {"modes": "its decoded mean", "samples": "samples"}
    shown = [text for key, text in known.items() if key in arrays]
    parts = [arrays["modes"][:, None]] if "modes" in arrays else []
    parts += [arrays["samples"]] if "samples" in arrays else []
    if not parts or not len(parts[0]):
        return None
    tiles = np.concatenate(parts, axis=1)
    row = "One row" if is_images(tiles) else f"{tiles.shape[1]} strips"
    alt = f"{name}: {' and '.join(shown)} of each of {len(tiles)} components"
    return grid(tiles, alt, f"{row} per component, from 0: {', then '.join(shown)}.")


def _scatters(arrays: Arrays, name: str, classes: Sequence[str]) -> list[Scatter]:
    codes = arrays.get("codes")
    if codes is None:
        return []
    prior = arrays.get("prior_codes", np.zeros((0, codes.shape[1])))
    kept = np.isfinite(codes).all(axis=1)
    prior = prior[np.isfinite(prior).all(axis=1)]
    if not kept.any():
        return []
    points, prior_points, _ = project(codes[kept], prior)
    how = ""
    if codes.shape[1] > 2:
        how = f" First two principal components of {codes.shape[1]} dimensions."
    drawn = []
    known = {"code_labels": ("class", classes), "code_components": ("component", ())}
    shown = [key for key in known if key in arrays] or ["code_labels"]
    for key, (by, given) in ((key, known[key]) for key in shown):
        groups = arrays.get(key, np.full(len(codes), UNKNOWN))[kept].astype(int)
        called = class_names(int(groups.max()) + 1, given, LONGEST)
        named = [("no label" if k < 0 else called[k], colour) for k, colour in legend(groups)]
        caption = f"Codes by {by}, over samples of the prior (grey).{how}"
        alt = f"{name}: {len(points)} latent codes, coloured by {by}, over the prior's"
        drawn.append(Scatter(scatter(points, prior_points, groups, alt, caption), named, by))
    return drawn
