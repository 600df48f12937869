import itertools

import numpy as np
import pandas as pd
import pytest

from otlvm.harness.figures.matrices import draw_matrices, read_matrices
from otlvm.harness.store.store import Store
from otlvm.plots import order_components
from tests.harness.figures.drawn import all_text


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
    figure = draw_matrices({"a": shuffled, "b": other}, {"b": ["cat", "a bag with handles"]})
    images = [axis.images[0] for axis in figure.axes if axis.images and axis.get_title()]
    np.testing.assert_array_equal(images[0].get_array(), np.eye(3))
    np.testing.assert_array_equal(images[1].get_array(), other)
    assert {image.get_clim() for image in images} == {(0, 1)}
    assert len(figure.axes) == 3
    named = [[text.get_text() for text in axis.get_yticklabels()] for axis in figure.axes[:2]]
    assert named == [["0", "1", "2"], ["cat", "a bag with…"]]
    assert "ordered so that the diagonal holds the most" in all_text(figure)


def test_panels_beside_each_other_name_their_classes_once():
    names = {"b": ["cat", "dog"], "c": ["cat", "dog"], "e": ["cat", "dog"]}
    figure = draw_matrices(dict.fromkeys("abcde", np.eye(2)), names)
    shown = [[text.get_text() for text in axis.get_yticklabels()] for axis in figure.axes[:5]]
    assert shown == [["0", "1"], ["cat", "dog"], [], ["0", "1"], ["cat", "dog"]]


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
