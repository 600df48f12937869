"""Figures 2 to 7 of the paper."""

import sys

import numpy as np
import pytest
from rich.console import Console

from otlvm.harness.commands import table
from otlvm.harness.commands.figures import main
from otlvm.harness.comparison.records import read_records
from otlvm.harness.figures.paper import draw_entry
from otlvm.harness.figures.paper.source import LeftOutError
from otlvm.harness.figures.write import write_figures
from otlvm.harness.report.suite_figures import suite_figures
from otlvm.harness.suite.figures_section import FIGURES, FigureEntry
from tests.harness.figures.drawn import NAMES, all_text, check_print

CURVES = [
    {"step": step, "reconstruction": 90.0 / step, "kl_z": 0.1, "kl_k": 0.3}
    | {"bce": 100.0 - step, "accuracy": step / 100}
    for step in (1, 5, 10, 50)
]
CLASSES = [*"abcdef", "shirt", "pullover", "ankle boot", "a bag with or without handles"]

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
        facts = [{"metrics": {"accuracy": a}, "class_names": CLASSES} for a in (0.5, 0.7)]
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


@pytest.mark.parametrize(
    ("stop", "values", "step", "steps"),
    [
        (None, None, "step 50", "after 50 steps"),
        ({"keep_best": False}, (4.0, 2.0, 2.0, 3.0), "step 50", "after 50 steps"),
        ({"metric": "loss"}, (4.0, 2.0, 2.0, 3.0), "step 5 (kept)", "after 5 steps (kept)"),
        ({"keep_best": True}, (4.0, 3.0, 2.0, 1.0), "step 50", "after 50 steps"),
        ({"keep_best": True}, None, "the model kept", "the model kept"),
    ],
)
def test_titles_tell_the_step_of_the_model_that_was_kept(
    write_study, picture_arrays, stop, values, step, steps
):
    """The best by the images held back, the first of equals; losses go on to the last step."""
    curves = [
        row if values is None else {**row, "validation": value}
        for row, value in zip(CURVES, values or CURVES, strict=True)
    ]
    arrays = picture_arrays((1, 28, 28), dim=2, components=10, classes=10)
    store = write_study({"a (x)": [{}]}, arrays=arrays, curves=curves)
    records = read_records(store)
    records["config"] = [{"train": {"stop": stop}}]
    collapse = draw_entry(store, records, FigureEntry(name="collapse", rows=["a (x)"]))
    titles = [axis.get_title(loc="left") for axis in collapse.axes[3:6]]
    assert titles[0] == "(d) a (x), to step 50"
    assert " ".join(titles[2].split()) == f"(f) reconstructions, {step}"
    spoilt = draw_entry(store, records, FigureEntry(name="deterioration", rows=["a (x)"]))
    assert spoilt.axes[1].get_title(loc="left") == f"(b) {steps}"


@pytest.mark.parametrize("name", ["collapse", "fidelity", "manifold"])
def test_classes_have_their_names(paper, name):
    store, _ = paper()
    figure = draw_entry(store, read_records(store), FigureEntry.model_validate(ASKED[name]))
    shown = [[text.get_text() for text in axis.get_yticklabels()] for axis in figure.axes]
    assert shown.count([*CLASSES[:-1], "a bag with or w…"]) == 2 - (name == "manifold")


def test_codes_of_other_classes_have_a_colour_bar_of_their_own(paper):
    store, _ = paper()
    records = read_records(store)
    entry = FigureEntry.model_validate(ASKED["manifold"] | {"rows": ["a (x)", "b"]})
    assert len(draw_entry(store, records, entry).axes) == 5
    records["class_names"] = [CLASSES, CLASSES, None, None]
    figure = draw_entry(store, records, entry)
    first, second = (axis for axis in figure.axes if axis.get_ylabel() == "class")
    assert first.get_yticklabels()[0].get_text() == "a"
    assert second.get_yticklabels()[0].get_text() == "0"


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


@pytest.mark.parametrize("name", ["fidelity", "deterioration"])
def test_what_is_on_show_or_named_has_a_curve_though_others_are_better(paper, name):
    labels = [f"r{place}" for place in range(15)]
    store, _ = paper(labels=labels)
    records = read_records(store)
    records["accuracy"] = [int(label[1:]) / 20 for label in records["label"]]
    records.loc[records["label"] == "r14", "config"] = [{"baseline": {"name": "kmeans"}}] * 2

    def drawn(**changes):
        entry = FigureEntry.model_validate({"name": name, "rows": ["r0"], **changes})
        figure = draw_entry(store, records, entry)
        return [text.get_text() for text in figure.legends[0].get_texts()], figure.get_suptitle()

    kept = ["r0", *labels[3:14]]  # r14 trains nothing
    note = "curves: the rows shown and the most accurate, 12 of 14"
    assert drawn() == (kept, note)
    assert drawn(curves=["r1", "r?"])[0] == [f"r{place}" for place in range(10)]
    assert drawn(curves=["*"]) == (labels, "")


def test_a_row_looks_the_same_in_all_figures_of_a_suite(paper, drawn):
    labels = [f"r{place}" for place in range(15)]
    store, _ = paper(labels=labels)
    records = read_records(store)
    records["accuracy"] = [int(label[1:]) / 20 for label in records["label"]]
    records = records.assign(step_ms=2.0, latent_mmd=0.1, bce=records["accuracy"])
    entries = [{"name": "fidelity", "rows": ["r2"], "curves": ["r14", "r5"], "lines": ["r1"]}]
    entries.append({"name": "deterioration", "rows": ["r14"], "curves": ["r14", "r2"]})
    write_figures(store, records, [FigureEntry.model_validate(entry) for entry in entries])
    found = {}
    for name in ("curves", "time", "pareto", "fidelity", "deterioration"):
        axes = [axis for axis in drawn[name].axes if axis.get_label() != "<colorbar>"]
        for line in (line for axis in axes for line in axis.lines):
            if line.get_label() in labels:
                found.setdefault(line.get_label(), set()).add(line.get_color())
    assert {label: len(colours) for label, colours in found.items()} == dict.fromkeys(labels[1:], 1)
    dots = drawn["seeds"].axes[0].collections  # r3 and all that are more accurate
    colours = [tuple(points.get_facecolor()[0][:3]) for points in dots]
    assert (
        dict(zip(labels[3:], colours, strict=True)).items()
        <= {label: next(iter(colours)) for label, colours in found.items()}.items()
    )


def test_the_likelihood_of_a_row_without_bce_has_its_panel(write_study, picture_arrays):
    curves = [{key: v for key, v in row.items() if key != "bce"} | {"nll": 9.0} for row in CURVES]
    arrays = picture_arrays((1, 28, 28), dim=2, components=10, classes=10)
    store = write_study({"a (x)": [{}]}, arrays=arrays, curves=curves)
    entry = FigureEntry(name="deterioration", rows=["a (x)"])
    panel = draw_entry(store, read_records(store), entry).axes[3]
    assert panel.get_title(loc="left") == "(d) NLL (nats per image)"
    assert [line.get_label() for line in panel.lines] == ["a (x)"]


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
