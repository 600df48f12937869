"""What the tests of figures share."""

import itertools

from matplotlib.text import Text

from otlvm.harness.figures.style import COLUMN, PAGE, style, write

NAMES = ["curves", "time", "pareto", "seeds", "matrices", "heatmap", "ranks"]


def config_of(divergence, prior, **objective):
    return {
        "data": {"name": "digits"},
        "model": {"network": {"name": "mlp"}, "prior": prior},
        "objective": {"name": "wae", "divergence": divergence, **objective},
    }


def texts_of(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def all_text(figure):
    return " ".join(" ".join(texts_of(figure)).split())


def check_print(figure, stem, monkeypatch):
    """Check that a figure has a paper's width and letters that can be read and hide nothing."""
    name = stem.name
    png, pdf = write(figure, stem)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert pdf.read_bytes().startswith(b"%PDF")
    assert figure.get_figwidth() in (COLUMN, PAGE), name
    page, boxes = figure.bbox.padded(1), []
    for text in _texts_drawn(figure, monkeypatch):
        assert text.get_fontsize() >= 7, (name, text)
        box = text.get_window_extent()
        assert page.x0 <= box.x0 < box.x1 <= page.x1, (name, text)
        assert page.y0 <= box.y0 < box.y1 <= page.y1, (name, text)
        boxes.append((box.padded(-1), text))
    for (one, text), (two, other) in itertools.combinations(boxes, 2):
        assert not one.overlaps(two), (name, text, other)
    for legend in figure.legends:
        for axis in figure.axes:
            assert not legend.get_window_extent().overlaps(axis.get_tightbbox().padded(-1))


def _texts_drawn(figure, monkeypatch):
    """Texts that are really drawn; ticks beyond the ends of an axis are not."""
    found, draw = {}, Text.draw
    with style(), monkeypatch.context() as patch:
        patch.setattr(
            Text, "draw", lambda text, *args: (found.update({text: 0}), draw(text, *args))
        )
        figure.draw_without_rendering()  # where labels stand in the PNG: a PDF has other dots
    return [text for text in found if text.get_text().strip() and text.get_visible()]
