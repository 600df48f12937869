"""The figures that lie beside the records, as the page shows them."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from otlvm.harness.figures import dark
from otlvm.harness.figures.captions import CAPTIONS
from otlvm.harness.report.images import Picture, png

ENLARGED = 1.4
"""A screen is farther away than paper."""
CSS_DPI = 96
COLOURS = 256
"""A figure of so many takes a third of the bytes, and no eye finds out."""


@dataclass(frozen=True)
class SuiteFigure(Picture):
    """A figure in the page.

    Attributes:
        dark: The PNG that takes its place on a dark page; empty if there is none.
    """

    dark: str = ""


def suite_figures(root: Path) -> list[SuiteFigure]:
    """Read all figures of a store, the known ones first."""
    known = [root / f"{name}.png" for name in CAPTIONS]
    others = sorted(path for path in root.glob("[!.]*.png") if path.stem not in CAPTIONS)
    return [_figure(path) for path in [*known, *others] if path.is_file()]


def _figure(path: Path) -> SuiteFigure:
    with Image.open(path) as image:
        dots = image.info.get("dpi", (CSS_DPI, CSS_DPI))[0]
        width, height = (round(side / dots * CSS_DPI * ENLARGED) for side in image.size)
    caption = CAPTIONS.get(path.stem, f"{path.stem}.")
    alt = f"Figure {path.name}. {caption} Its numbers are in the tables."
    on_dark = path.parent / dark.FOLDER / path.name
    shown = _small(on_dark) if on_dark.is_file() else ""
    return SuiteFigure(_small(path), width, height, alt, caption, shown)


def _small(path: Path) -> str:
    with Image.open(path) as image:
        return png(image.convert("RGB").quantize(COLOURS))
