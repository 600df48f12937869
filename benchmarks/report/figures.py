"""The figures that lie beside the records, as the page shows them."""

from pathlib import Path

from PIL import Image

from benchmarks.report.pictures import Picture, data_uri

CAPTIONS = {
    "curves": "Learning curves: accuracy and BCE of each row over training steps.",
    "pareto": "Trade-off: each row's clustering accuracy against its reconstruction error.",
    "seeds": "Every seed: how much a row's results vary from one seed to the next.",
    "matrices": "Classes and components: which component takes how much of each class.",
    "heatmap": "Overview: all metrics of all rows, from worst to best.",
    "time": "Cost: what each row reaches after how much training time.",
    "ranks": "Ranks: the rows' mean ranks, and which cannot be told apart.",
}
DOTS_PER_PIXEL = 2
"""Figures are drawn with 200 dots an inch, an inch is 96 CSS pixels."""


def suite_figures(root: Path) -> list[Picture]:
    """Read all figures of a store, the known ones first."""
    known = [root / f"{name}.png" for name in CAPTIONS]
    others = sorted(path for path in root.glob("*.png") if path.stem not in CAPTIONS)
    return [_figure(path) for path in [*known, *others] if path.is_file()]


def _figure(path: Path) -> Picture:
    with Image.open(path) as image:
        width, height = (side // DOTS_PER_PIXEL for side in image.size)
    caption = CAPTIONS.get(path.stem, f"{path.stem}.")
    alt = f"Figure {path.name}. {caption} Its numbers are in the tables."
    return Picture(data_uri(path.read_bytes()), width, height, alt, caption)
