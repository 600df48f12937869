"""What a run's model shows, for the run's section; any of its arrays may be missing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otlvm.harness.report.images import Picture, grid
from otlvm.harness.report.scatter import legend, scatter
from otlvm.plots import project
from otlvm.plots.tiles import is_images

Arrays = Mapping[str, NDArray[Any]]
UNKNOWN = -1
PART = 10
"""How many examples are beside each other."""


@dataclass
class RunPictures:
    """A run's pictures.

    Attributes:
        reconstructions: Held-out data above what became of it, in parts that fit a small screen.
        components: Each component's mean and samples.
        scatters: Codes by class, then by component, each with its legend.
        shares: Classes x components, each the share of a class; one row per class.
    """

    reconstructions: list[Picture] = field(default_factory=list)
    components: Picture | None = None
    scatters: list[tuple[Picture, list[tuple[int, str]]]] = field(default_factory=list)
    shares: list[list[float]] = field(default_factory=list)


def draw(arrays: Arrays, name: str) -> RunPictures:
    """Draw arrays.

    Args:
        arrays: What `otlvm.evaluation.show_model` returns.
        name: The run, as the pictures' alternative texts call it.
    """
    shares = arrays.get("class_components", np.zeros((0, 0))).tolist()
    return RunPictures(
        _reconstructions(arrays, name), _components(arrays, name), _scatters(arrays, name), shares
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
    row = "A row" if is_images(tiles) else f"{tiles.shape[1]} strips"
    alt = f"{name}: {' and '.join(shown)} of each of {len(tiles)} components"
    return grid(tiles, alt, f"{row} a component, from 0: {', then '.join(shown)}.")


def _scatters(arrays: Arrays, name: str) -> list[tuple[Picture, list[tuple[int, str]]]]:
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
    known = {"code_labels": "class", "code_components": "component"}
    shown = [key for key in known if key in arrays] or ["code_labels"]
    for key, by in ((key, known[key]) for key in shown):
        groups = arrays.get(key, np.full(len(codes), UNKNOWN))[kept].astype(int)
        caption = f"Codes by {by}, over samples of the prior (grey).{how}"
        alt = f"{name}: {len(points)} latent codes, coloured by {by}, over the prior's"
        drawn.append((scatter(points, prior_points, groups, alt, caption), legend(groups)))
    return drawn
