import itertools
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text
from rich.console import Console
from scipy import stats

from otlvm.harness.commands import table
from otlvm.harness.commands.figures import main
from otlvm.harness.comparison.records import read_curves, read_records
from otlvm.harness.config import tell_apart
from otlvm.harness.figures.curves import draw_curves, draw_time
from otlvm.harness.figures.heatmap import draw_heatmap
from otlvm.harness.figures.matrices import draw_matrices, read_matrices
from otlvm.harness.figures.paper import draw_entry
from otlvm.harness.figures.paper.source import LeftOutError
from otlvm.harness.figures.pareto import draw_pareto, pareto_front
from otlvm.harness.figures.ranks import draw_ranks
from otlvm.harness.figures.seeds import draw_seeds
from otlvm.harness.figures.style import COLUMN, PAGE, looks, style, wrap, wrap_names, write
from otlvm.harness.figures.write import write_figures
from otlvm.harness.metrics import METRICS
from otlvm.harness.report.suite_figures import suite_figures
from otlvm.harness.store.record import run_id, write_result
from otlvm.harness.store.store import Store
from otlvm.harness.suite.figures_section import FIGURES, FigureEntry
from otlvm.plots import order_components

ACCURACY = next(metric for metric in METRICS if metric.key == "accuracy")
LONG = [
    f"wae imq_mmd on={'joint' if i % 2 else 'marginal'} statistic=unbiased weight={50 * i} "
    f"learning_rate=0.000{i} expectation=sum_and_sample"
    for i in range(12)
]
STRANGE = ["_a", "$5 or $6", r"$\x$", "100 %", "{b}", "λ=1, 数", ""]


def config_of(divergence, prior, **objective):
    return {
        "data": {"name": "digits"},
        "model": {"network": {"name": "mlp"}, "prior": prior},
        "objective": {"name": "wae", "divergence": divergence, **objective},
    }


@pytest.fixture
def records():
    """A frame of finished runs of rows ``label: {metric: value of each seed}``."""

    def frame(rows, side_by_side=1, configs=None):
        runs = [
            {"label": label, "seed": seed, "status": "done", "side_by_side": side_by_side}
            | {"id": f"{label}-{seed}", "config": (configs or {}).get(label)}
            | {metric: values[seed] for metric, values in metrics.items()}
            for label, metrics in rows.items()
            for seed in range(len(next(iter(metrics.values()))))
        ]
        return pd.DataFrame(runs).reindex(
            columns=[
                *("label", "seed", "status", "side_by_side", "id", "config"),
                *(metric.key for metric in METRICS),
            ]
        )

    return frame


@pytest.fixture
def all_figures(tmp_path):
    """A store of which every figure can be drawn, with the given dozen labels, and its records."""

    def make(labels):
        rng = np.random.default_rng(0)
        store, cells = Store(tmp_path / "out"), []
        store.open_for_writing()
        priors = ("gaussian_mixture", "my_module:AnotherPrior")
        specs = itertools.cycle(itertools.product(("imq_mmd", "energy"), priors))
        for (place, label), (divergence, prior) in zip(enumerate(labels), specs, strict=False):
            for seed in range(2):
                content = config_of(divergence, {"name": prior}) | {"place": place}
                identity = {"config": content, "data_checksum": "d", "code": "c", "seed": seed}
                data, method = f"set {place % 3}", labels[place // 3]
                cell = {"label": label, "seed": seed, "data": data, "method": method}
                cells.append(cell | {"id": run_id(identity)})
                metrics = dict(zip([m.key for m in METRICS], rng.random(len(METRICS)), strict=True))
                curve = [{"step": s, "bce": 99.5 - s, "accuracy": s / 10} for s in (1, 2, 3)]
                record = {**identity, "label": label, "status": "done", "reason": None}
                record |= {"diverged": None, "metrics": metrics, "side_by_side": 2}
                write_result(store.runs / run_id(identity), record, curve, None)
                matrix = rng.dirichlet(np.ones(4), 3).astype(np.float32)
                folder = store.runs / run_id(identity)
                np.savez(folder / "pictures.npz", class_components=matrix)
        store.write_manifest("study", cells)
        return store, read_records(store)

    return make


def texts_of(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def all_text(figure):
    return " ".join(" ".join(texts_of(figure)).split())


# names and looks


def test_no_two_of_a_dozen_rows_look_the_same():
    found = list(looks(LONG).values())
    assert len({(to_hex(look.colour), str(look.dashes)) for look in found}) == 12
    assert len({(to_hex(look.colour), look.marker) for look in found}) == 12
    assert looks(["a", "b", "a"]).keys() == {"a", "b"}


def test_lines_break_at_spaces_then_at_marks_and_never_at_hyphens():
    assert wrap("GM-WAE of the IMQ", 10) == "GM-WAE of\nthe IMQ"
    assert wrap("beta-VAE weight=0.5", 12) == "beta-VAE\nweight=0.5"
    assert wrap("expectation=sum_and_sample", 12) == "expectation=\nsum_and_\nsample"
    assert max(map(len, wrap("x" * 95, 20).splitlines())) <= 20


def test_long_names_lose_their_middle_and_stay_different():
    first, second = wrap_names(["a " + "x " * 60 + "end", "b " + "x " * 60 + "end"], 20)
    assert first.startswith("a x")
    assert first.endswith("end")
    assert " … " in first.replace("\n", " ")
    assert first != second
    same = [f"{'x ' * 40}{middle} {'x ' * 40}".strip() for middle in "ab"]
    assert [name.replace("\n", " ") for name in wrap_names(same, 20)] == same
    assert wrap_names([""], 20) == [""]


# curves and time


def curves_of(values):
    """Curves of rows ``label: accuracy [seeds, steps]``."""
    return pd.DataFrame(
        [
            {"label": label, "seed": seed, "step": 10 * (i + 1), "accuracy": a, "bce": 100 * a}
            for label, accuracies in values.items()
            for seed, curve in enumerate(accuracies)
            for i, a in enumerate(curve)
        ]
    )


def test_curves_show_means_and_standard_deviations(records):
    accuracy = np.array([[0.1, 0.2, 0.6], [0.3, 0.5, 0.9]])
    shown = records({"a": {"accuracy": [0.6, 0.9]}, "k": {"accuracy": [0.4, 0.5]}})
    figure = draw_curves(curves_of({"a": accuracy}), shown)
    for axis, scale in zip(figure.axes, (1, 100), strict=True):
        (line,) = (line for line in axis.lines if line.get_label() == "a")
        np.testing.assert_allclose(line.get_xdata(), [10, 20, 30])
        np.testing.assert_allclose(line.get_ydata(), scale * accuracy.mean(axis=0))
        (band,) = axis.collections
        middle, spread = scale * accuracy.mean(axis=0), scale * accuracy.std(axis=0, ddof=1)
        corners = band.get_paths()[0].vertices
        for step, low, high in zip((10, 20, 30), middle - spread, middle + spread, strict=True):
            found = corners[corners[:, 0] == step, 1]
            assert found.min() == pytest.approx(low)
            assert found.max() == pytest.approx(high)
    (level,) = (line for line in figure.axes[0].lines if line.get_label() == "k")
    assert level.get_ydata() == pytest.approx([0.45, 0.45])
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "k"]


def test_time_is_steps_times_the_mean_time_of_a_step(records):
    rows = {
        "a": {"accuracy": [0.6, 0.9], "step_ms": [20.0, 40.0]},
        "b": {"accuracy": [0.6, 0.9], "step_ms": [500.0, 500.0]},
        "k": {"accuracy": [0.4, 0.5], "fit_seconds": [2.0, 4.0]},
        "untimed": {"accuracy": [0.1, 0.1]},
    }
    curves = curves_of({"a": [[0.1, 0.2], [0.3, 0.4]], "b": [[0.1, 0.2]], "untimed": [[0.1]]})
    figure = draw_time(curves, records(rows))
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert set(lines) == {"a", "b", "k"}
    np.testing.assert_allclose(lines["a"].get_xdata(), [0.3, 0.6])
    np.testing.assert_allclose(lines["a"].get_ydata(), [0.2, 0.3])
    np.testing.assert_allclose(lines["b"].get_xdata(), [5, 10])
    assert (lines["k"].get_xdata()[0], lines["k"].get_ydata()[0]) == pytest.approx((3, 0.45))
    assert "side by side" not in all_text(figure)
    figure = draw_time(curves, records(rows, side_by_side=2))
    assert "Times taken side by side do not compare." in all_text(figure)


# BCE against divergence


def test_the_front_is_that_of_brute_force():
    rng = np.random.default_rng(0)
    for size in (0, 1, 7, 40):
        costs = pd.DataFrame(rng.integers(0, 8, (size, 3)).astype(float), columns=list("xyz"))
        costs.iloc[: size // 7, 1] = np.nan
        points = [row for row in costs.itertuples(name=None) if not np.isnan(row[1:]).any()]

        def beats(one, two):
            pairs = list(zip(one[1:], two[1:], strict=True))
            return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

        expected = {p[0] for p in points if not any(beats(q, p) for q in points)}
        front = pareto_front(costs)
        assert set(front.index) == expected
        assert front["x"].is_monotonic_increasing


def test_pareto_shows_runs_means_and_front(records):
    rows = {
        "near": {"latent_mmd": [-0.02, 0.04], "bce": [100.0, 110.0]},
        "far": {"latent_mmd": [0.4, 0.6], "bce": [80.0, 90.0]},
        "beaten": {"latent_mmd": [0.5, 0.9], "bce": [120.0, 130.0]},
        "no bce": {"latent_mmd": [0.5, 0.9]},
    }
    figure = draw_pareto(records(rows))
    front, *marks = figure.axes[0].lines
    np.testing.assert_allclose(front.get_xydata(), [[0.03, 105], [0.5, 85]])
    assert front.get_drawstyle() == "steps-post"
    np.testing.assert_allclose(marks[0].get_xydata(), [[0.02, 100], [0.04, 110]])
    np.testing.assert_allclose(marks[1].get_xydata(), [[0.03, 105]])
    np.testing.assert_allclose(marks[5].get_xydata(), [[0.7, 125]])
    assert len(marks) == 6
    assert figure.axes[0].get_xscale() == "log"
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["near", "far", "beaten", "front of the means", "one seed"]
    rows["near"]["latent_mmd"] = [0.0, 0.1]
    assert draw_pareto(records(rows)).axes[0].get_xscale() == "linear"
    assert draw_pareto(records({"near": rows["near"]})) is None


# seeds


def test_seeds_shows_every_seed_and_the_means(records):
    values = {"accuracy": [0.1, 0.2, 0.6], "bce": [90.0, 100.0, 80.0]}
    figure = draw_seeds(records({"a": values, "k": {"accuracy": [0.5, 0.7, 0.6]}}))
    assert [axis.get_title() for axis in figure.axes] == ["accuracy ↑", "BCE ↓"]
    for axis, key in zip(figure.axes, values, strict=True):
        points = axis.collections[0].get_offsets()
        np.testing.assert_allclose(points, [[value, 0] for value in values[key]])
        (mean, row) = axis.lines[0].get_xydata()[0]
        assert (mean, row) == (pytest.approx(np.mean(values[key])), 0)
    assert len(figure.axes[0].lines) == 2
    assert len(figure.axes[1].lines) == 1
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["a", "k"]
    low, high = figure.axes[0].get_ylim()
    assert low > high  # the first row is on top


# matrices


@pytest.mark.parametrize(("classes", "components"), [(4, 4), (3, 6), (5, 3)])
def test_components_are_in_the_order_with_the_heaviest_diagonal(classes, components):
    matrix = np.random.default_rng(0).dirichlet(np.ones(components), classes)
    order = order_components(matrix)
    assert sorted(order) == list(range(components))
    if components >= classes:
        best = max(
            matrix[range(classes), list(columns)].sum()
            for columns in itertools.permutations(range(components), classes)
        )
        assert np.trace(matrix[:, order]) == pytest.approx(best)
        assert (np.diff(matrix[:, order[classes:]].argmax(axis=0)) >= 0).all()


def test_matrices_share_a_scale_and_a_colour_bar():
    shuffled = np.eye(3)[:, [2, 0, 1]]
    other = np.array([[0.5, 0.5], [0.0, 1.0]])
    figure = draw_matrices({"a": shuffled, "b": other})
    images = [axis.images[0] for axis in figure.axes if axis.images and axis.get_title()]
    np.testing.assert_array_equal(images[0].get_array(), np.eye(3))
    np.testing.assert_array_equal(images[1].get_array(), other)
    assert {image.get_clim() for image in images} == {(0, 1)}
    assert len(figure.axes) == 3
    assert "ordered so that the diagonal holds the most" in all_text(figure)


def test_the_first_finished_seed_s_matrix_is_read(tmp_path):
    store = Store(tmp_path)
    runs = [("a", "failed"), ("a", "done"), ("a", "done"), ("b", "done"), ("c", "done")]
    for place in (0, 1, 2, 4):
        (store.runs / str(place)).mkdir(parents=True)
        name = "class_components" if place < 4 else "samples"
        np.savez(store.runs / str(place) / "pictures.npz", **{name: np.full((2, 2), place)})
    frame = pd.DataFrame(runs, columns=["label", "status"]).assign(id=[*"01234"])
    found = read_matrices(store, frame)
    assert list(found) == ["a"]
    np.testing.assert_array_equal(found["a"], np.ones((2, 2)))


# divergences and priors


def test_specs_are_named_by_what_differs():
    specs = [
        {"name": "imq_mmd", "on": "joint", "statistic": "u"},
        {"name": "imq_mmd", "on": "marginal", "statistic": "u"},
        {"name": "sinkhorn", "blur": 0.50},
        {"name": "energy"},
        {"name": "energy", "power": 1.0},
    ]
    names = ["imq_mmd on=joint", "imq_mmd on=marginal", "sinkhorn", "energy", "energy power=1"]
    assert tell_apart(specs) == names


def test_heatmap_shows_mean_and_number_and_leaves_blanks(records):
    configs = {
        "a": config_of({"name": "imq_mmd", "on": "joint"}, {"name": "mixture"}, weight=1),
        "b": config_of({"name": "imq_mmd", "on": "joint"}, {"name": "mixture"}, weight=2),
        "c": config_of("energy", "mixture", weight=1),
        "d": config_of("energy", "normal", weight=1),
        "vae": {"model": {"prior": "normal"}, "objective": {"name": "vae"}},
        "kmeans": {"model": {"prior": "normal"}, "baseline": {"name": "kmeans"}},
        "none": None,
    }
    accuracy = {label: [0.1 * place, 0.3] for place, label in enumerate(configs)}
    frame = records({label: {"accuracy": a} for label, a in accuracy.items()}, configs=configs)
    figure = draw_heatmap(frame)
    axis = figure.axes[0]
    joint = np.mean([accuracy["a"], accuracy["b"]])
    expected = [[joint, np.nan], [np.mean(accuracy["c"]), np.mean(accuracy["d"])]]
    np.testing.assert_allclose(np.ma.filled(axis.images[0].get_array(), np.nan), expected)
    cells = {text.get_position(): text.get_text() for text in axis.texts}
    assert cells == {
        (0, 0): f"{joint:.3f}\nn=4",
        (0, 1): f"{expected[1][0]:.3f}\nn=2",
        (1, 1): f"{expected[1][1]:.3f}\nn=2",
    }
    assert [label.get_text() for label in axis.get_xticklabels()] == ["mixture", "normal"]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["imq_mmd", "energy"]
    title = " ".join(figure.get_suptitle().split())
    assert title == "mean accuracy (held-out), over seeds and objective.weight"
    assert draw_heatmap(frame[frame["label"] != "d"]) is None  # one prior
    assert draw_heatmap(frame[frame["label"].isin(["c", "d"])]) is None  # one divergence
    frame.loc[frame["label"] == "d", "status"] = "failed"
    assert draw_heatmap(frame) is None


def test_heatmap_shows_a_dozen_and_says_so(records):
    configs = {
        f"{i} {prior}": config_of({"name": "imq_mmd", "scale": i}, prior)
        for i in range(20)
        for prior in ("mixture", "normal")
    }
    rows = {label: {"accuracy": [int(label.split()[0]) / 100]} for label in configs}
    figure = draw_heatmap(records(rows, configs=configs))
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown == [f"imq_mmd scale={i}" for i in range(8, 20)]
    assert "the 12 best of 20 divergences" in all_text(figure)


# ranks


SCORES = pd.DataFrame(
    np.random.default_rng(0).random((6, 4)) / 10 + [0.9, 0.6, 0.3, 0.28],
    index=[f"set {i}" for i in range(6)],
    columns=["good", "fair", "poor", "poor too"],
)


def test_ranks_tells_means_test_and_groups():
    figure = draw_ranks(-SCORES, ACCURACY)
    means = stats.rankdata(-SCORES, axis=1).mean(axis=0)
    text = all_text(figure)
    for method, mean in zip(SCORES, means, strict=True):
        assert f"{method} ({mean:.2f})" in text
    p_value = stats.friedmanchisquare(*SCORES.to_numpy().T).pvalue
    assert f"Friedman: p = {p_value:.2g}, N = 6 data sets." in text
    assert "cannot be told apart (Nemenyi, 5 % level)" in text
    assert "left out" not in text
    # The critical difference of Demšar's table 5 for 4 methods: q = 2.569.
    difference = 2.569 * np.sqrt(4 * 5 / (6 * 6))
    bars = {tuple(sorted(line.get_xdata())) for line in figure.axes[0].lines if _flat(line)}
    spans = {(bar[0], bar[-1]) for bar in bars}
    assert spans
    assert all(high - low <= difference for low, high in spans)
    for one, two in itertools.combinations(sorted(means), 2):
        joined = any(low <= one and two <= high for low, high in spans)
        assert joined == (two - one <= difference)


def _flat(line):
    return len(set(line.get_ydata())) == 1 and line.get_ydata()[0] < 0


def test_ranks_leaves_incomplete_data_sets_out_and_says_so():
    scores = SCORES.copy()
    scores.iloc[0, 1] = np.nan
    text = all_text(draw_ranks(-scores, ACCURACY))
    assert "N = 5 data sets" in text
    assert "Data sets left out, since a method is missing: 1." in text


@pytest.mark.parametrize(
    "scores", [SCORES.iloc[:2], SCORES.iloc[:, :2], SCORES * 0, SCORES * np.nan, SCORES.iloc[:0]]
)
def test_no_ranks_of_too_few_or_of_ties(scores):
    assert draw_ranks(-scores, ACCURACY) is None


# all of them


NAMES = ["curves", "time", "pareto", "seeds", "matrices", "heatmap", "ranks"]


@pytest.fixture
def drawn(monkeypatch):
    """Collect figures with their names, instead of writing them."""
    found = {}

    def keep(figure, stem):
        found[stem.name] = figure
        return [stem]

    monkeypatch.setattr("otlvm.harness.figures.write.write", keep)
    return found


@pytest.mark.parametrize("labels", [LONG, STRANGE + list("tuvwx")], ids=["long", "strange"])
@pytest.mark.filterwarnings("ignore:Glyph")  # `write` does so itself
def test_every_figure_is_fit_for_print(all_figures, drawn, monkeypatch, labels):
    store, frame = all_figures(labels)
    assert write_figures(store, frame) == [store.root / name for name in NAMES]
    for few in (1, 2):
        first = frame[frame["label"].isin(labels[:few])]
        drawn[f"{few} matrices"] = draw_matrices(read_matrices(store, first))
    for name, figure in drawn.items():
        check_print(figure, store.root / name, monkeypatch)


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


def test_labels_are_no_markup(all_figures, drawn):
    store, frame = all_figures(STRANGE + list("tuvwx"))
    write_figures(store, frame)
    for name in ("curves", "time", "pareto", "seeds", "matrices"):
        assert set(STRANGE) <= set(texts_of(drawn[name])), name
        labels = [t for t in drawn[name].findobj(Text) if t.get_text() in STRANGE[:4]]
        assert not any(label.get_parse_math() for label in labels)


def test_a_dozen_of_many_rows(all_figures, drawn):
    store, frame = all_figures([f"row {i}" for i in range(15)])
    write_figures(store, frame)
    for name in ("curves", "time", "pareto", "seeds", "matrices"):
        assert drawn[name].get_suptitle() == "the 12 most accurate of 15 rows"
        assert len({text for text in texts_of(drawn[name]) if text.startswith("row ")}) == 12
    assert "row" not in drawn["heatmap"].get_suptitle()


def test_nothing_finished_no_figure(tmp_path, records):
    frame = records({"a": {"accuracy": [np.nan, np.nan]}}).assign(status="failed", accuracy=np.nan)
    assert write_figures(Store(tmp_path), frame.assign(data="", method="a")) == []
    assert list(tmp_path.iterdir()) == []
    nothing = read_curves(Store(tmp_path), frame)
    assert draw_curves(nothing, frame) is None
    assert draw_time(nothing, frame) is None
    assert draw_matrices({}) is None
    assert draw_seeds(records({"a": {"accuracy": [0.5]}, "b": {"accuracy": [0.6]}})) is None


# those of the paper


CURVES = [
    {"step": step, "reconstruction": 90.0 / step, "kl_z": 0.1, "kl_k": 0.3}
    | {"bce": 100.0 - step, "accuracy": step / 100}
    for step in (1, 5, 10, 50)
]
ASKED = {
    name: {"name": name, "rows": ["a (x)"]}
    | ({"curves": ["*"], "lines": ["b"]} if name in ("deterioration", "fidelity") else {})
    for name in FIGURES
}


@pytest.fixture
def paper(write_study, picture_arrays, monkeypatch):
    """A store whose runs keep all that the paper's figures show, of codes with so many dimensions.

    UMAP takes its time, and PCA its place.
    """
    monkeypatch.setitem(sys.modules, "umap", None)

    def make(dim=2, asked=(), without=(), labels=("a (x)", "b")):
        arrays = picture_arrays((1, 28, 28), dim=dim, components=10, classes=10)
        arrays = {name: array for name, array in arrays.items() if name not in without}
        facts = [{"metrics": {"accuracy": 0.5}}, {"metrics": {"accuracy": 0.7}}]
        store = write_study(dict.fromkeys(labels, facts), arrays=arrays, curves=CURVES)
        manifest = store.manifest()
        store.write_manifest("study", manifest["runs"], figures=[ASKED[name] for name in asked])
        return store, arrays

    return make


@pytest.mark.parametrize("name", FIGURES)
def test_the_paper_s_figures_are_fit_for_print(paper, monkeypatch, name):
    label = "GM-WAE from a trained one, weight=500, divergence=imq_mmd"
    store, _ = paper(labels=(label, "b"))
    for rows in ([label], [label, "b"]):
        entry = FigureEntry.model_validate({**ASKED[name], "rows": rows})
        figure = draw_entry(store, read_records(store), entry)
        check_print(figure, store.root / name, monkeypatch)
        titles = [axis.get_title(loc="left") for axis in figure.axes]
        panels = [title[:3] for title in titles if title]
        assert panels == [f"({letter})" for letter in "abcdefghijkl"[: len(panels)]]


def test_collapse_shows_the_snapshot_above_the_end(paper):
    store, arrays = paper()
    entry = FigureEntry.model_validate(ASKED["collapse"])
    figure = draw_entry(store, read_records(store), entry)
    early, late = figure.axes[:3], figure.axes[3:6]
    for axes, prefix, steps in ((early, "at_10/", [1, 5, 10]), (late, "", [1, 5, 10, 50])):
        np.testing.assert_array_equal(axes[0].lines[0].get_xdata(), steps)
        matrix = arrays[f"{prefix}class_components"]
        np.testing.assert_array_equal(axes[1].images[0].get_array(), matrix)
        first = np.asarray(axes[2].images[0].get_array())[30:58, :28]
        np.testing.assert_array_equal(first, arrays[f"{prefix}reconstructions"][0, 0])
    assert early[0].get_title(loc="left") == "(a) a (x), to step 10"


def test_fidelity_has_curves_lines_and_a_thousand_codes(paper):
    store, arrays = paper(dim=5)
    entry = FigureEntry.model_validate(ASKED["fidelity"] | {"curves": ["a*"]})
    figure = draw_entry(store, read_records(store), entry)
    matrix, curves, codes = figure.axes[:3]
    assert np.asarray(matrix.images[0].get_array()).sum() == pytest.approx(10)
    curve, line = curves.lines
    np.testing.assert_allclose(curve.get_ydata(), [row["accuracy"] for row in CURVES])
    assert list(line.get_ydata()) == pytest.approx([0.6, 0.6])
    assert len(codes.collections[1].get_offsets()) == len(arrays["codes"])
    assert "PCA, since umap-learn is not installed" in all_text(figure)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a (x)", "b"]


def test_what_cannot_be_drawn_is_left_out_and_costs_nothing_else(paper, capsys):
    store, _ = paper(dim=3, asked=FIGURES, without=["near_modes", "at_0/reconstructions"])
    (store.root / "manifold.png").touch()  # of an earlier suite
    table.show(store, Console(width=300))
    output = " ".join(capsys.readouterr().out.split())
    assert "figure manifold is left out: 'a (x)' has 3 latent dimensions, not two" in output
    assert "figure images is left out: 'a (x)', first finished seed: the pictures hold no" in output
    assert "figure deterioration is left out" in output
    written = {path.stem for path in store.root.glob("*.png")}
    assert written >= {"collapse", "interpolations", "fidelity", "curves", "matrices"}
    assert not written & {"manifold", "images", "deterioration"}
    captions = [picture.alt for picture in suite_figures(store.root)]
    assert any(alt.startswith("Figure collapse.png. Early in training") for alt in captions)


def test_a_row_without_finished_runs_is_named(write_study):
    store = write_study({"a (x)": [None, {"status": "failed", "reason": "why"}]})
    entry = FigureEntry.model_validate(ASKED["images"])
    with pytest.raises(LeftOutError, match=r"no run of 'a \(x\)' is done"):
        draw_entry(store, read_records(store), entry)


def test_one_figure_from_one_command(paper, capsys):
    store, _ = paper(asked=["collapse"], without=["at_10/reconstructions"])
    assert main([str(store.root), "seeds"]) == 0
    assert capsys.readouterr().out.split() == [
        str(store.root / f"seeds.{e}") for e in ("png", "pdf")
    ]
    assert [path.name for path in store.root.glob("*.png")] == ["seeds.png"]
    assert main([str(store.root)]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {
        *NAMES,
        "collapse",
    }
    for name, reason in {
        "collapse": "hold no 'at_10/reconstructions'",
        "colapse": "unknown figure 'colapse' (did you mean 'collapse'?)",
        "images": "the suite's figures: section does not ask for images",
        "heatmap": "figure heatmap does not apply",
    }.items():
        assert main([str(store.root), name]) == 2
        assert reason in " ".join(capsys.readouterr().err.split())
    assert main([str(store.root / "none"), "seeds"]) == 2


def test_figures_need_no_torch():
    code = "import sys, json, otlvm.harness.figures; print(json.dumps(sorted(sys.modules)))"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert not {"torch", "sklearn", "scikit_posthocs", "umap"} & {*json.loads(process.stdout)}
