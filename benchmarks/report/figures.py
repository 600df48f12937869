"""The figures that lie beside the records, as the page shows them."""

from pathlib import Path

from PIL import Image

from benchmarks.report.pictures import Picture, data_uri

CAPTIONS = {
    "curves": "Learning curves: BCE of each row over training steps, and its accuracy with labels.",
    "time": "Accuracy of each row over seconds of training.",
    "pareto": "BCE against the size of MMD²: a small mark a run, a large one a row.",
    "seeds": "Every seed of every row: a mark a seed, a bar at the mean.",
    "matrices": "Which components each class uses, a matrix a row.",
    "heatmap": "Mean accuracy of each divergence with each prior.",
    "ranks": "Mean ranks of methods across data sets; a bar joins those that cannot be told apart.",
    "collapse": "Early in training (above) and at its end: the terms of the loss, the mean q(k|x) "
    "of each class, and held-out digits above their reconstructions.",
    "manifold": "Two-dimensional codes by class over samples of the prior (grey), and what the "
    "latent plane decodes to.",
    "images": "Held-out data, each above its reconstruction; samples of each component, and "
    "samples near its mean, with standard deviations times 3/5.",
    "interpolations": "Decoded straight lines between the codes of held-out data, which stand in "
    "the first and last columns, and from one component's mean to the others'.",
    "deterioration": "Held-out data, each above its reconstruction, before and after training; the "
    "terms of the loss meanwhile; BCE of each row.",
    "fidelity": "The mean q(k|x) of each class, components ordered; accuracy of each row; codes by "
    "class over samples of the prior (grey), in two dimensions.",
}
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
