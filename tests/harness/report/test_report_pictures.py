import base64
import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from seaborn.utils import relative_luminance

from otlvm.harness.report.images import GAP, GAP_GREY, grid
from otlvm.harness.report.run_pictures import draw
from otlvm.harness.report.scatter import COLOURS, PRIOR_ALPHA, SIDE, legend, scatter
from otlvm.harness.report.small_curves import HEIGHT, WIDTH, draw_curves
from otlvm.plots.palette import further_colours


def png_of(picture):
    kind, _, content = picture.uri.partition(",")
    assert kind == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_a_grid_holds_the_images(channels, mode):
    tiles = np.random.default_rng(0).integers(0, 256, (2, 3, channels, 4, 25), dtype=np.uint8)
    picture = grid(tiles, "alt")
    image = png_of(picture)
    assert image.mode == mode
    pixels = np.asarray(image).reshape(*image.size[::-1], channels)
    for row in range(2):
        for column in range(3):
            part = pixels[row * 5 : row * 5 + 4, column * 26 : column * 26 + 25]
            assert (part == tiles[row, column].transpose(1, 2, 0)).all()
    assert GAP == 1
    assert (pixels[4] == GAP_GREY).all()
    assert picture.width / picture.height == image.width / image.height


def test_small_images_are_enlarged():
    tiles = np.random.default_rng(0).integers(0, 256, (1, 2, 1, 8, 8), dtype=np.uint8)
    pixels = np.asarray(png_of(grid(tiles, "alt")))
    assert pixels.shape == (24, 49)
    assert (pixels[::3, 25::3] == tiles[0, 1, 0]).all()
    assert (pixels[2::3, 2:24:3] == tiles[0, 0, 0]).all()


@pytest.mark.parametrize("shape", [(1, 1, 7), (2, 3, 4)])
def test_what_is_no_image_becomes_strips(picture_arrays, shape):
    tiles = np.arange(2 * np.prod(shape), dtype=np.uint8).reshape(1, 2, *shape)
    pixels = np.asarray(png_of(grid(tiles, "alt")))
    assert (pixels[0::2] == tiles.reshape(2, -1)).all()
    arrays = picture_arrays(shape)
    drawn = draw(arrays, "run")
    first = np.asarray(png_of(drawn.reconstructions[0]))
    assert (first[0] == arrays["originals"][0].ravel()).all()
    assert (first[2] == arrays["reconstructions"][0].ravel()).all()  # each below its original
    assert drawn.components.caption.startswith("9 strips per component")


def test_originals_are_above_their_reconstructions(picture_arrays):
    arrays = picture_arrays((1, 6, 25))
    first, second = (np.asarray(png_of(part)) for part in draw(arrays, "run").reconstructions)
    assert (first[:6, :25] == arrays["originals"][0, 0]).all()
    assert (first[7:, :25] == arrays["reconstructions"][0, 0]).all()
    assert (second[:6, :25] == arrays["originals"][10, 0]).all()
    components = np.asarray(png_of(draw(arrays, "run").components))
    assert (components[7:13, :25] == arrays["modes"][1, 0]).all()
    assert (components[7:13, 26:51] == arrays["samples"][1, 0, 0]).all()


def test_scatter_paints_each_point_in_its_colour():
    points = np.array([[0.0, 0.0], [4.0, 1.0]])
    image = png_of(scatter(points, np.array([[2.0, 4.0]]), np.array([0, 21]), "alt", "c"))
    assert image.size == (2 * SIDE, 2 * SIDE)
    pixels, alpha = np.split(np.asarray(image.convert("RGBA")), [3], axis=2)
    assert set(np.unique(alpha)) == {0, PRIOR_ALPHA, 255}  # the page is seen between the points
    colour = {name: bytes.fromhex(name[1:]) for name in COLOURS[:2]}
    left, right = pixels[:, :SIDE], pixels[:, SIDE:]
    assert (left == [*colour[COLOURS[0]]]).all(axis=-1).any()
    own = bytes.fromhex(further_colours(3)[2][1:])  # 19 have the first palette, without its grey
    assert (right == [*own]).all(axis=-1).any()
    rows = np.flatnonzero(alpha.any(axis=(1, 2)))
    assert rows.min() < 20 < 580 < rows.max()  # as wide as high, up is larger
    png_of(scatter(np.zeros((1, 2)), np.zeros((0, 2)), np.array([-1]), "one point", "c"))


@pytest.mark.parametrize("count", [3, 20, 33, 200])
def test_no_two_groups_share_a_colour_and_none_is_that_of_no_label(count):
    groups = np.arange(-1, count)
    named = legend(groups)
    assert [group for group, _ in named] == [*groups]
    assert len({colour for _, colour in named}) == count + 1
    assert named[0][1] == COLOURS[-1]
    points = np.stack([groups, groups], axis=1).astype(float)
    image = png_of(scatter(points, np.zeros((0, 2)), groups, "alt", "c")).convert("RGBA")
    pixels = np.asarray(image).reshape(-1, 4)
    shown = {tuple(pixel[:3]) for pixel in np.unique(pixels[pixels[:, 3] == 255], axis=0)}
    assert shown == {tuple(bytes.fromhex(colour[1:])) for _, colour in named}
    assert len(legend(np.arange(-1, 900))) == 901


@pytest.mark.parametrize("colour", [*COLOURS, *further_colours(60)])
def test_points_are_seen_on_dark_pages(colour):
    dark = "#15181c"
    assert (relative_luminance(colour) + 0.05) / (relative_luminance(dark) + 0.05) >= 3


# curves


def test_curves_fill_their_drawing(tmp_path):
    path = tmp_path / "curves.csv"
    path.write_text("step,bce,accuracy\n10,4,\n20,inf,0.5\n30,2,0.5\n")
    accuracy, bce = draw_curves(pd.read_csv(path))
    assert bce.points == f"0.0,0.0 {WIDTH}.0,{HEIGHT}.0"
    assert (bce.high, bce.low, bce.last, bce.first_step, bce.last_step) == ("4", "2", "2", 10, 30)
    assert accuracy.points.startswith(f"0.0,{HEIGHT}.0")  # a flat line divides by nothing
    assert draw_curves(pd.DataFrame()) == []
    lines = "".join(f"{i},{i}\n" for i in range(10_001))
    path.write_text(f"step,bce\n{lines}")
    (long,) = draw_curves(pd.read_csv(path))
    assert len(long.points.split()) < 200
    assert long.points.endswith(f"{WIDTH}.0,0.0")
