import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from otlvm import plots
from otlvm.plots.names import chosen, class_names
from otlvm.plots.tiles import PAPER, STRIP, mosaic

CURVE = [{"step": s, "reconstruction": 100.0 / s, "kl_z": 0.1 * s, "kl_k": 0.2} for s in (1, 2, 5)]


@pytest.fixture
def ax():
    return Figure().subplots()


def tile(shown, row, column, size=(6, 5), gap=1):
    """Cut one image out of a drawn mosaic."""
    top, left = row * (size[0] + gap), column * (size[1] + gap)
    return shown[top : top + size[0], left : left + size[1]]


def shown_by(ax):
    (image,) = ax.images
    assert image.get_clim() == (0, 255)
    return np.asarray(image.get_array())


# grids of images


def test_a_mosaic_holds_each_image_and_paper_between():
    tiles = np.arange(2 * 3 * 30, dtype=np.uint8).reshape(2, 3, 1, 6, 5)
    found = mosaic(tiles)
    assert found.canvas.shape == (13, 17)
    for place in np.ndindex(2, 3):
        np.testing.assert_array_equal(tile(found.canvas, *place), tiles[place][0])
    assert (found.canvas[6] == PAPER).all()
    assert (found.canvas[:, [5, 11]] == PAPER).all()
    assert found.gaps.sum() == 13 * 17 - 6 * 30
    assert (found.on_any_paper().mask == found.gaps).all()
    assert (found.columns.tolist(), found.rows.tolist()) == ([2, 8, 14], [2.5, 9.5])
    for channels in (3, 4):
        coloured = np.arange(36 * channels, dtype=np.uint8).reshape(1, 2, channels, 6, 3)
        np.testing.assert_array_equal(
            mosaic(coloured, gap=0).canvas[:, 3:], coloured[0, 1].transpose(1, 2, 0)
        )
        shown = mosaic(coloured).on_any_paper()
        assert shown.shape == (6, 7, 4)
        assert (shown[:, 3, 3] == 0).all()  # nothing is between them
        opaque = coloured[0, 1, 3] if channels == 4 else 255
        assert (shown[:, 4:, 3] == opaque).all()


@pytest.mark.parametrize("shape", [(1, 1, 7), (2, 3, 4)])
def test_vectors_become_strips(shape, ax, picture_arrays):
    arrays = picture_arrays(shape)
    plots.samples(arrays, ax)
    width = int(np.prod(shape))
    strip = tile(shown_by(ax), 5, 2, (STRIP, width))
    np.testing.assert_array_equal(strip, [arrays["samples"][2, 5].ravel()] * STRIP)
    assert ax.get_aspect() == "auto"


@pytest.mark.parametrize("step", [None, 10])
def test_reconstructions_stand_below_what_they_are_of(ax, picture_arrays, step):
    arrays = picture_arrays()
    decoded = arrays["reconstructions" if step is None else "at_10/reconstructions"]
    plots.reconstructions(arrays, ax, step=step)
    pixels = shown_by(ax)
    assert pixels.shape == (4 * 7 - 1, 10 * 6 - 1)
    for place in range(20):  # two of each class: ten columns are the classes
        column, pair = divmod(place, 2)
        np.testing.assert_array_equal(tile(pixels, 2 * pair, column), arrays["originals"][place, 0])
        np.testing.assert_array_equal(tile(pixels, 2 * pair + 1, column), decoded[place, 0])
    fewer = {name: array[:19] for name, array in arrays.items() if array.shape[:1] == (20,)}
    plots.reconstructions(fewer, ax, step=step)
    assert (tile(np.asarray(ax.images[1].get_array()), 3, 9) == PAPER).all()


@pytest.mark.parametrize(
    ("draw", "name"), [(plots.samples, "samples"), (plots.modes_near, "near_modes")]
)
def test_a_column_is_a_component(ax, picture_arrays, draw, name):
    arrays = picture_arrays()
    assert draw(arrays, ax) is ax
    np.testing.assert_array_equal(tile(shown_by(ax), 7, 3), arrays[name][3, 7, 0])
    assert [label.get_text() for label in ax.get_xticklabels()] == list("0123")
    assert ax.get_xticks()[3] == pytest.approx(3 * 6 + 2)


def test_interpolations_stand_between_their_ends(ax, picture_arrays):
    arrays = picture_arrays()
    plots.interpolations(arrays, ax)
    pixels = shown_by(ax)
    for row in range(6):
        for column, end in ((0, 0), (6, 1)):
            expected = arrays["interpolation_ends"][row, end, 0]
            np.testing.assert_array_equal(tile(pixels, row, column), expected)
        for step in range(5):
            expected = arrays["interpolations"][row, step, 0]
            np.testing.assert_array_equal(tile(pixels, row, step + 1), expected)


def test_mode_interpolations_name_where_they_start_and_end(ax, picture_arrays):
    arrays = picture_arrays() | {"mode_start": np.array(2)}
    plots.mode_interpolations(arrays, ax)
    np.testing.assert_array_equal(tile(shown_by(ax), 1, 4), arrays["mode_interpolations"][1, 4, 0])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1", "3"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2"]
    with pytest.raises(plots.MissingArrayError, match="no image to show"):
        plots.mode_interpolations(arrays | {"mode_interpolations": np.zeros((0, 5, 1, 6, 5))}, ax)


# latent space


def test_codes_lie_over_the_prior_in_the_colours_of_their_classes(ax, picture_arrays):
    arrays = picture_arrays(dim=2, classes=3)
    arrays["codes"][0] = np.nan
    plots.latent(arrays, ax)
    prior, codes = ax.collections
    np.testing.assert_array_equal(prior.get_offsets(), arrays["prior_codes"])
    np.testing.assert_array_equal(codes.get_offsets(), arrays["codes"][1:])
    ax.figure.draw_without_rendering()
    expected = [plots.COLOURS[label].lower() for label in arrays["code_labels"][1:]]
    assert [to_hex(colour) for colour in codes.get_facecolors()] == expected
    bar = plots.colour_bar(ax)
    assert [label.get_text() for label in bar.ax.get_yticklabels()] == ["0", "1", "2"]
    with pytest.raises(plots.MissingArrayError, match="none of the codes is finite"):
        plots.latent(arrays | {"codes": np.full((50, 2), np.nan)}, ax)


def test_each_of_many_classes_has_a_colour_of_its_own(ax):
    labels = np.repeat(np.arange(26), 2)
    codes = np.stack([labels, labels], axis=1).astype(float)
    plots.latent({"codes": codes, "code_labels": labels, "prior_codes": codes}, ax)
    ax.figure.draw_without_rendering()
    drawn = [to_hex(colour) for colour in ax.collections[-1].get_facecolors()]
    assert drawn[::2] == drawn[1::2]
    assert len(set(drawn)) == 26
    assert drawn[:20:2] == [colour.lower() for colour in plots.COLOURS]


def test_many_dimensions_are_projected(ax, picture_arrays):
    arrays = picture_arrays(dim=5)
    plots.latent(arrays, ax, most=20)
    codes, prior, how = plots.project(arrays["codes"][:20], arrays["prior_codes"])
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), prior)
    np.testing.assert_array_equal(ax.collections[1].get_offsets(), codes)
    assert ax.get_xlabel() == how == "PCA"


def test_projection_keeps_the_plane_and_finds_the_widest_directions():
    rng = np.random.default_rng(0)
    flat = rng.normal(size=(5, 2))
    assert (plots.project(flat, flat[:2], "umap").points == flat).all()
    wide = rng.normal(size=(200, 6)) * [0.1, 5, 0.1, 0.1, 2, 0.1]
    codes, prior, _ = plots.project(wide[:50], wide[50:])
    assert (len(codes), len(prior)) == (50, 150)
    found = np.concatenate([codes, prior])
    for axis, source in ((0, 1), (1, 4)):
        assert abs(np.corrcoef(found[:, axis], wide[:, source])[0, 1]) > 0.99
    line = plots.project(np.ones((3, 1)), np.zeros((2, 1))).points
    assert (line == [[1, 0]] * 3).all()
    with pytest.raises(ValueError, match=r"unknown projection 'umpa'.*did you mean 'umap'"):
        plots.project(wide, wide, "umpa")


def test_umap_maps_codes_and_prior_together(monkeypatch):
    seen = {}

    class Fake:  # the real one compiles itself for half a minute
        def __init__(self, **options):
            seen.update(options)

        def fit_transform(self, points):
            seen["points"] = points
            return points[:, 1:3]

    monkeypatch.setitem(sys.modules, "umap", SimpleNamespace(UMAP=Fake))
    codes, prior = np.arange(12.0).reshape(4, 3), np.ones((5, 3))
    plane = plots.project(codes, prior, "umap")
    np.testing.assert_array_equal(seen["points"], np.concatenate([codes, prior]))
    np.testing.assert_array_equal(plane.points, codes[:, 1:])
    np.testing.assert_array_equal(plane.prior, prior[:, 1:])
    assert plane.how == "UMAP"
    assert (seen["random_state"], seen["n_jobs"], seen["n_neighbors"]) == (0, 1, 8)


def test_without_umap_the_axes_say_so(ax, picture_arrays, monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    plots.latent(picture_arrays(dim=5), ax, projection="umap")
    assert ax.get_xlabel() == "PCA, since umap-learn is not installed"


def test_the_latent_plane_is_in_latent_units(ax, picture_arrays):
    arrays = picture_arrays(dim=2)
    plots.latent_grid(arrays, ax)
    pixels = shown_by(ax)
    for place in np.ndindex(4, 5):
        np.testing.assert_array_equal(tile(pixels, *place, gap=0), arrays["latent_grid"][place][0])
    # five codes from -2 to 2, four from 0 to 3, each in the middle of its image; row 0 on top
    assert ax.images[0].get_extent() == [-2.5, 2.5, -0.5, 3.5]
    assert ax.images[0].origin == "upper"


# classes and components


def test_class_components_as_they_are_and_ordered(picture_arrays):
    arrays = picture_arrays() | {"class_components": np.eye(3)[:, [2, 0, 1]]}
    as_is, ordered, early = Figure().subplots(3)
    plots.class_components(arrays, as_is)
    plots.class_components(arrays, ordered, ordered=True)
    plots.class_components(arrays, early, step=10)
    np.testing.assert_array_equal(as_is.images[0].get_array(), arrays["class_components"])
    np.testing.assert_array_equal(ordered.images[0].get_array(), np.eye(3))
    np.testing.assert_array_equal(early.images[0].get_array(), arrays["at_10/class_components"])
    assert [label.get_text() for label in ordered.get_xticklabels()] == ["1", "2", "0"]
    bar = plots.colour_bar(as_is, ordered)
    assert (bar.vmin, bar.vmax, bar.ax.get_ylabel()) == (0, 1, "mean q(k|x)")


# what classes are called


def test_classes_have_their_names_where_they_are_drawn(picture_arrays):
    arrays = picture_arrays(dim=2, classes=3)
    names = ("cat", "a bag with or without handles", "$x$")
    shown = ["cat", "a bag with or w…", "$x$"]
    matrix, codes = Figure().subplots(2)
    plots.class_components(arrays, matrix, names=names)
    plots.latent(arrays, codes, names=names)
    for axis in (matrix.yaxis, plots.colour_bar(codes).long_axis):
        labels = axis.get_ticklabels()
        assert [label.get_text() for label in labels] == shown
        assert not any(label.get_parse_math() for label in labels)
        np.testing.assert_array_equal(axis.get_ticklocs(), [0, 1, 2])


def test_some_of_many_classes_are_named(ax):
    names = [f"class {i}" for i in range(26)]
    plots.class_components({"class_components": np.eye(26)}, ax, names=names)
    shown = [label.get_text() for label in ax.get_yticklabels()]
    assert shown == [f"class {i}" for i in range(0, 26, 5)]


@pytest.mark.parametrize(
    ("count", "step"), [(1, 1), (12, 1), (13, 2), (24, 2), (25, 5), (61, 10), (1000, 100)]
)
def test_each_second_fifth_or_tenth_class_is_named(count, step):
    assert chosen(count) == range(0, count, step)


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (None, ["0", "1", "2"]),
        (["cat"], ["cat", "1", "2"]),  # the data have more classes than names
        (["cat", "dog", "emu", "fox"], ["cat", "dog", "emu"]),  # no image is of the last one
        (["abcdefgh", "a", "abcdefghi"], ["abcdefgh", "a", "abcdefg…"]),
        (["a with b", "a", "a with all"], ["a with b", "a", "a with…"]),
        (["same start 1", "same start 2", "a"], ["sam…rt 1", "sam…rt 2", "a"]),
        (["always 1 as ever", "always 2 as ever", "a"], ["0 alway…", "1 alway…", "a"]),
        (["same", "same", "a"], ["same", "same", "a"]),
    ],
)
def test_long_names_are_cut_and_stay_different(names, shown):
    assert class_names(3, names, most=8) == shown


# learning curves


@pytest.mark.parametrize("history", [CURVE, pd.DataFrame(CURVE)], ids=["rows", "frame"])
def test_losses_draws_each_term(ax, history):
    plots.losses(history, ax)
    lines = {line.get_label(): line for line in ax.lines}
    assert list(lines) == ["reconstruction", "KL of z", "KL of k"]
    np.testing.assert_array_equal(lines["KL of z"].get_xdata(), [1, 2, 5])
    np.testing.assert_allclose(lines["KL of z"].get_ydata(), [0.1, 0.2, 0.5])
    assert ax.get_yscale() == "log"  # 0.1 to 100


@pytest.mark.parametrize(
    ("divergence", "scale"), [([30.0, 20.0], "linear"), ([-0.02, 0.01], "symlog")]
)
def test_losses_chooses_an_axis_that_shows_all(ax, divergence, scale):
    rows = [{"step": i, "reconstruction": 40.0, "divergence": d} for i, d in enumerate(divergence)]
    plots.losses(rows, ax)
    assert ax.get_yscale() == scale
    low, high = ax.get_ylim()
    assert low <= min(divergence)
    assert high >= 40
    plots.losses(rows, ax, terms=["divergence"])
    assert ax.lines[-1].get_ydata() == pytest.approx(divergence)


def test_curves_draws_mean_and_band(ax):
    rows = [{"step": s, "accuracy": a} for s, a in [(1, 0.2), (1, 0.4), (2, 0.5), (2, 0.9)]]
    plots.curves(rows, ax, color="red", label="row")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.3, 0.7])
    corners = ax.collections[0].get_paths()[0].vertices
    assert corners[:, 1].max() == pytest.approx(0.7 + np.std([0.5, 0.9], ddof=1))
    assert (ax.lines[0].get_color(), ax.lines[0].get_label()) == ("red", "row")
    with pytest.raises(plots.MissingArrayError, match="'bce'"):
        plots.curves(rows, ax, key="bce")


def test_a_seed_that_stopped_early_keeps_its_last_value(ax):
    ends = {0: (0.9, 3), 1: (0.1, 1), 2: (0.2, 2)}
    rows = [
        {"seed": seed, "step": step, "accuracy": value * step}
        for seed, (value, last) in ends.items()
        for step in range(1, last + 1)
    ]
    plots.curves(rows, ax)
    (line,) = ax.lines
    np.testing.assert_allclose(line.get_xdata(), [1, 2, 3])
    expected = [(0.9, 0.1, 0.2), (1.8, 0.1, 0.4), (2.7, 0.1, 0.4)]
    np.testing.assert_allclose(line.get_ydata(), np.mean(expected, axis=1))
    top = ax.collections[0].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(np.mean(expected[2]) + np.std(expected[2], ddof=1))


# what is missing


@pytest.mark.parametrize(
    "draw",
    [
        plots.reconstructions,
        plots.samples,
        plots.modes_near,
        plots.interpolations,
        plots.mode_interpolations,
        plots.latent,
        plots.latent_grid,
        plots.class_components,
    ],
)
def test_what_is_missing_is_named(ax, draw):
    with pytest.raises(plots.MissingArrayError, match=r"hold no '.*; they hold other"):
        draw({"other": np.zeros(1)}, ax)


@pytest.mark.parametrize("history", [[], pd.DataFrame(), [{"step": 1, "accuracy": 0.5}]])
def test_no_losses_no_figure(ax, history):
    with pytest.raises(plots.MissingArrayError, match="no terms of a loss"):
        plots.losses(history, ax)


def test_snapshots_are_found(picture_arrays):
    assert plots.snapshots(picture_arrays()) == [0, 10]
    assert plots.snapshots({"originals": np.zeros(1)}) == []


def test_a_new_figure_is_one_that_a_notebook_shows(picture_arrays):
    figure = plots.samples(picture_arrays()).figure
    assert figure.number in pyplot.get_fignums()
    pyplot.close(figure)


def test_plots_import_neither_torch_nor_pyplot():
    code = "import sys, otlvm.plots; print({'torch', 'matplotlib.pyplot', 'umap'} & {*sys.modules})"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert process.stdout.strip() == b"set()"
