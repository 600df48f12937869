import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from otlvm.harness.comparison.records import read_curves, read_records
from otlvm.harness.figures.curves import draw_curves, draw_time
from otlvm.harness.figures.paper.source import read_source
from otlvm.harness.figures.rows import curves_of
from otlvm.harness.figures.scales import log_x
from otlvm.harness.figures.style import COLUMN
from otlvm.harness.suite.figures_section import FigureEntry
from tests.harness.figures.drawn import all_text


def curves_of_rows(values):
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
    figure = draw_curves(curves_of_rows({"a": accuracy}), shown)
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


def test_figures_show_finished_runs_alone(write_study):
    """As the tables; ``otlvm curves`` writes those of the others too."""
    runs = [{"status": "diverged", "reason": "x"}, {}, {}]
    curve = [{"step": step, "bce": 90.0, "accuracy": 0.5} for step in (1, 2)]
    store = write_study({"a": runs}, curves=curve)
    frame = read_records(store)
    assert set(curves_of(store, frame)["seed"]) == {1, 2}
    entry = FigureEntry(name="deterioration", rows=["a"])
    assert set(read_source(store, frame, entry).curves["seed"]) == {1, 2}
    assert set(read_curves(store, frame)["seed"]) == {0, 1, 2}


def test_a_row_has_curves_of_what_it_measured_and_no_line_across(records):
    curves = curves_of_rows({"bernoulli": [[0.1, 0.2]], "gaussian": [[0.3, 0.4]]})
    curves["nll"] = (-3 * curves["bce"]).where(curves["label"] == "gaussian")
    curves["bce"] = curves["bce"].where(curves["label"] == "bernoulli")
    rows = {label: {"accuracy": [0.5]} for label in ("bernoulli", "gaussian", "kmeans")}
    figure = draw_curves(curves, records(rows))
    drawn = [[line.get_label() for line in axis.lines] for axis in figure.axes]
    assert drawn == [["bernoulli", "gaussian", "kmeans"], ["bernoulli"], ["gaussian"]]
    lines = [line for line in figure.axes[0].lines if len(set(line.get_ydata())) == 1]
    assert [line.get_label() for line in lines] == ["kmeans"]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["bernoulli", "gaussian", "kmeans"]


def test_curves_of_other_quantities_alone_are_no_figure(records):
    curves = pd.DataFrame({"label": ["a"], "seed": [0], "step": [1], "loss": [2.0]})
    assert draw_curves(curves, records) is None


def test_time_is_steps_times_the_mean_time_of_a_step(records):
    rows = {
        "a": {"accuracy": [0.6, 0.9], "step_ms": [20.0, 40.0]},
        "b": {"accuracy": [0.6, 0.9], "step_ms": [500.0, 500.0]},
        "k": {"accuracy": [0.4, 0.5], "fit_seconds": [2.0, 4.0]},
        "untimed": {"accuracy": [0.1, 0.1]},
    }
    curves = curves_of_rows({"a": [[0.1, 0.2], [0.3, 0.4]], "b": [[0.1, 0.2]], "untimed": [[0.1]]})
    figure = draw_time(curves, records(rows))
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert set(lines) == {"a", "b", "k"}
    np.testing.assert_allclose(lines["a"].get_xdata(), [0.3, 0.6])
    np.testing.assert_allclose(lines["a"].get_ydata(), [0.2, 0.3])
    np.testing.assert_allclose(lines["b"].get_xdata(), [5, 10])
    assert (lines["k"].get_xdata()[0], lines["k"].get_ydata()[0]) == pytest.approx((3, 0.45))
    assert "side by side" not in all_text(figure)
    assert figure.axes[0].get_xscale() == "log"
    figure = draw_time(curves, records(rows, side_by_side=2))
    assert "Times of runs side by side are not comparable." in all_text(figure)


def test_time_begins_with_what_the_start_took(records):
    """Seed 1 starts in 6 s and trains 20 steps of .1 s; seed 2 stops after the first row."""
    rows = {
        "a": {
            "accuracy": [0.6, 0.9, 0.4],
            "step_ms": [100.0, 100.0, 200.0],
            "fit_seconds": [3.0, 8.0, 2.5],
        },
        "k": {"accuracy": [0.4], "fit_seconds": [3.0]},
    }
    curves = curves_of_rows({"a": [[0.1, 0.2], [0.3, 0.4], [0.5]]})
    figure = draw_time(curves, records(rows))
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_xdata(), np.mean([[2, 7, 2.5], [3, 8, 2.5]], axis=1))
    np.testing.assert_allclose(
        line.get_ydata(), np.mean([[0.1, 0.3, 0.5], [0.2, 0.4, 0.5]], axis=1)
    )
    assert figure.axes[0].get_xlabel() == "start and training (s)"


def test_nothing_on_a_logarithmic_axis_is_at_0(records):
    shown = records(
        {
            "a": {"accuracy": [0.6], "step_ms": [20.0]},
            "k": {"accuracy": [0.4], "fit_seconds": [0.0]},
        }
    )
    curves = curves_of_rows({"a": [[0.1, 0.2]]})
    axis = draw_time(pd.concat([curves, curves.assign(step=0)]), shown).axes[0]
    assert [line.get_label() for line in axis.lines] == ["a"]
    np.testing.assert_allclose(axis.lines[0].get_xdata(), [0.2, 0.4])


@pytest.mark.parametrize("low", [0.0011, 0.09, 0.3, 1.0, 2.1, 60.0, 7000.0])
@pytest.mark.parametrize("ratio", [1.05, 2.3, 9.0, 29.0, 190.0, 490.0, 5e3, 1e7])
def test_a_logarithmic_axis_has_two_ticks_or_more_and_few(low, ratio):
    figure = Figure((COLUMN, 2.6), layout="constrained")
    axis = figure.subplots()
    axis.plot([low, low * ratio], [0, 1])
    log_x(axis, low, low * ratio)
    figure.draw_without_rendering()
    left, right = axis.get_xlim()
    ticks = [text for text in axis.get_xticklabels() if left <= text.get_position()[0] <= right]
    texts = [text.get_text() for text in ticks]
    assert 2 <= len(texts) <= 8
    assert [float(text) for text in texts] == sorted({float(text) for text in texts})
    boxes = [text.get_window_extent() for text in ticks]
    assert all(one.x1 < two.x0 for one, two in itertools.pairwise(boxes))
