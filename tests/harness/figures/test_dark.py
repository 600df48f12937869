"""Figures for dark pages."""

import itertools

import numpy as np
import pytest
import seaborn as sns
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.figure import Figure
from PIL import Image
from seaborn.utils import relative_luminance

from otlvm import plots
from otlvm.harness.figures.dark import INK, PAPER, dark, darken
from otlvm.harness.figures.heatmap import draw_heatmap
from otlvm.harness.figures.style import style, write
from otlvm.harness.figures.write import write_figures
from tests.harness.figures.drawn import NAMES

USED = [*sns.color_palette("colorblind"), *plots.COLOURS]


def contrast(colour):
    return (relative_luminance(colour) + 0.05) / (relative_luminance(PAPER) + 0.05)


def test_black_and_white_change_places():
    assert to_hex(dark("white")) == PAPER
    assert to_hex(dark("black")) == INK
    assert dark(("white", 0.25))[3] == 0.25
    greys = [relative_luminance(dark(str(grey))) for grey in np.linspace(0, 1, 9)]
    assert greys == sorted(greys, reverse=True)


@pytest.mark.parametrize("colour", USED)
def test_colours_are_seen_on_dark_paper(colour):
    assert contrast(dark(colour)) >= 2.99
    if contrast(colour) >= 3 and np.ptp(to_rgb(colour)) > 0.1:
        np.testing.assert_allclose(dark(colour), to_rgba(colour))


@pytest.mark.parametrize(
    "palette", [sns.color_palette("colorblind"), plots.COLOURS, plots.class_colours(26)]
)
def test_colours_stay_different(palette):
    for one, two in itertools.combinations(palette, 2):
        assert np.abs(np.subtract(dark(one), dark(two))).max() > 0.1, (one, two)


def test_a_figure_is_written_light_and_dark(tmp_path):
    with style():
        figure = Figure((2, 1), layout="constrained")
        figure.subplots().plot([0, 1], label="a")
        figure.suptitle("a title")
    paths = write(figure, tmp_path / "curves")
    assert [path.name for path in paths] == ["curves.png", "curves.pdf"]
    on_white = np.asarray(Image.open(paths[0]).convert("RGB"))
    on_dark = np.asarray(Image.open(tmp_path / "dark" / "curves.png").convert("RGB"))
    assert on_white.shape == on_dark.shape
    assert (on_white[0, 0] == 255).all()
    assert to_hex(on_dark[0, 0] / 255) == PAPER
    ink = (np.array(to_rgb(INK)) * 255 - 60).astype(int)
    assert ((on_dark > ink).all(axis=2) == (on_white < 100).all(axis=2)).mean() > 0.99


def test_classes_keep_their_names_and_share_colours_with_the_bar(picture_arrays):
    axis = Figure().subplots()
    plots.latent(picture_arrays(dim=2), axis, names=["cat", "dog", "emu"])
    bar = plots.colour_bar(axis)
    darken(axis.figure)
    axis.figure.draw_without_rendering()
    assert [text.get_text() for text in bar.ax.get_yticklabels()] == ["cat", "dog", "emu"]
    expected = [dark(colour) for colour in plots.COLOURS[:3]]
    np.testing.assert_allclose(axis.collections[-1].cmap(range(3)), expected)
    np.testing.assert_allclose(bar.solids.cmap(range(3)), expected)
    np.testing.assert_allclose(axis.collections[0].get_facecolor(), [dark("0.8")])


def test_what_stands_on_an_image_stays(all_figures):
    _, records = all_figures([f"row {i}" for i in range(12)])
    figure = draw_heatmap(records)
    before = [text.get_color() for text in figure.axes[0].texts]
    image = figure.axes[0].images[0].cmap.name
    darken(figure)
    assert [text.get_color() for text in figure.axes[0].texts] == before
    assert figure.axes[0].images[0].cmap.name == image
    assert to_hex(figure.axes[0].xaxis.label.get_color()) != to_hex("0.15")


def test_a_figure_that_goes_takes_its_dark_one_along(all_figures):
    store, records = all_figures([f"row {i}" for i in range(12)])
    write_figures(store, records)
    assert {path.stem for path in (store.root / "dark").iterdir()} == set(NAMES)
    write_figures(store, records.assign(status="failed"))
    left = {path.stem for path in (store.root / "dark").iterdir()}
    assert left == {path.stem for path in store.root.glob("*.png")} != set(NAMES)
