"""The figures that lie beside the records, as the page shows them."""

from pathlib import Path

from PIL import Image

from otlvm.harness.figures.captions import CAPTIONS
from otlvm.harness.report.images import Picture, data_uri

ENLARGED = 1.4
"""A screen is farther away than paper."""
CSS_DPI = 96


def suite_figures(root: Path) -> list[Picture]:
    """Read all figures of a store, the known ones first."""
    known = [root / f"{name}.png" for name in CAPTIONS]
    others = sorted(path for path in root.glob("[!.]*.png") if path.stem not in CAPTIONS)
    return [_figure(path) for path in [*known, *others] if path.is_file()]


def _figure(path: Path) -> Picture:
    with Image.open(path) as image:
        dots = image.info.get("dpi", (CSS_DPI, CSS_DPI))[0]
        width, height = (round(side / dots * CSS_DPI * ENLARGED) for side in image.size)
    caption = CAPTIONS.get(path.stem, f"{path.stem}.")
    alt = f"Figure {path.name}. {caption} Its numbers are in the tables."
    return Picture(data_uri(path.read_bytes()), width, height, alt, caption)
