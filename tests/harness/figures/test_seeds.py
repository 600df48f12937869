import numpy as np
import pytest

from otlvm.harness.figures.seeds import draw_seeds
from otlvm.harness.figures.write import _ranks
from otlvm.harness.metrics import METRICS, Metric

COVERAGE = Metric("coverage", "coverage of mine", "high", 2)
BY_KEY = {metric.key: metric for metric in METRICS}


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


def test_seeds_shows_what_the_table_shows_in_its_order_without_times(records):
    rows = {"a": {"coverage": [0.1, 0.2], "step_ms": [3.0, 4.0], "nmi": [0.5, 0.6]}}
    frame = records(rows).assign(coverage=[0.1, 0.2])
    figure = draw_seeds(frame, [BY_KEY["nmi"], BY_KEY["step_ms"], COVERAGE])
    assert [axis.get_title() for axis in figure.axes] == ["NMI ↑", "coverage of mine ↑"]
    np.testing.assert_allclose(figure.axes[1].collections[0].get_offsets(), [[0.1, 0], [0.2, 0]])


def test_seeds_shows_six_metrics_that_there_are_and_says_of_how_many(records):
    keys = ("nmi", "ari", "purity", "bce", "latent_w2", "accuracy", "squared_error")
    frame = records({"a": {key: [0.1, 0.2] for key in keys}})
    asked = ["frechet", *keys[:6], "step_ms"]  # the first was not measured
    figure = draw_seeds(frame, [BY_KEY[key] for key in asked])
    assert [axis.get_title() for axis in figure.axes] == [BY_KEY[k].heading for k in keys[:6]]
    assert "the first" not in figure.get_supxlabel()
    figure = draw_seeds(frame, [BY_KEY[key] for key in (*asked, keys[6])])
    assert [axis.get_title() for axis in figure.axes] == [BY_KEY[k].heading for k in keys[:6]]
    assert "the first 6 of the table's 7 metrics" in figure.get_supxlabel()


@pytest.mark.parametrize("labelled", [True, False])
def test_ranks_are_of_accuracy_or_else_of_what_the_table_shows_first(records, labelled):
    rng = np.random.default_rng(1)
    rows = {f"{m}{d}": {"accuracy": [rng.random()]} for m in "abcd" for d in range(5)}
    frame = records(rows)
    frame["method"], frame["data"] = frame["label"].str[0], frame["label"].str[1]
    frame["coverage"] = frame["method"].map({"a": 0.1, "b": 0.2, "c": 0.8, "d": 0.9})
    if not labelled:
        frame["accuracy"] = np.nan
    figure = _ranks(frame, [BY_KEY["step_ms"], COVERAGE])
    text = " ".join(each.get_text() for each in figure.axes[0].texts)
    assert (" d (1.00) " in text) is not labelled
