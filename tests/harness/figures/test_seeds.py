import numpy as np
import pytest

from otlvm.harness.figures.seeds import draw_seeds


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
