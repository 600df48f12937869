"""The figures that lie beside the records, as the page shows them."""

from pathlib import Path

from PIL import Image

from benchmarks.report.pictures import Picture, data_uri

CAPTIONS = {
    "curves": "Learning curves: accuracy and BCE of each row over training steps.",
    "time": "Accuracy of each row over seconds of training.",
    "pareto": "BCE against the size of MMD²: a small mark a run, a large one a row.",
    "seeds": "Every seed of every row: a mark a seed, a bar at the mean.",
    "matrices": "Which components each class uses, a matrix a row.",
    "heatmap": "Mean accuracy of each divergence with each prior.",
    "ranks": "Mean ranks of methods across data sets; a bar joins those that cannot be told apart.",
}
ENLARGED = 1.4
"""A screen is farther away than paper."""
CSS_DPI = 96


def suite_figures(root: Path) -> list[Picture]:
    """Read all figures of a store, the known ones first."""
    known = [root / f"{name}.png" for name in CAPTIONS]
    others = sorted(path for path in root.glob("*.png") if path.stem not in CAPTIONS)
    return [_figure(path) for path in [*known, *others] if path.is_file()]


def _figure(path: Path) -> Picture:
    with Image.open(path) as image:
        dots = image.info.get("dpi", (CSS_DPI, CSS_DPI))[0]
        width, height = (round(side / dots * CSS_DPI * ENLARGED) for side in image.size)
    caption = CAPTIONS.get(path.stem, f"{path.stem}.")
    alt = f"Figure {path.name}. {caption} Its numbers are in the tables."
    return Picture(data_uri(path.read_bytes()), width, height, alt, caption)
