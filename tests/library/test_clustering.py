"""Scores of clusterings where classes, components or labels are missing."""

import itertools

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from sklearn.metrics.cluster import contingency_matrix

from otlvm import LatentMixtureModel, plots
from otlvm.data import Dataset
from otlvm.evaluation import (
    assignment_scores,
    class_component_matrix,
    clustering_scores,
    curve_point,
    evaluate,
    hungarian_accuracy,
    paper_map,
    show_model,
)


def one_hot(assigned, size):
    return np.eye(size)[assigned]


def by_hand(pi_train, y_train, pi_test, y_test):
    """The accuracy of the paper's protocol, in plain Python, over the classes that were seen."""
    use = {
        label: [
            sum(float(row[k]) for row, y in zip(pi_train, y_train, strict=True) if y == label)
            / sum(y == label for y in y_train)
            for k in range(pi_train.shape[1])
        ]
        for label in sorted({y for y in y_train if y >= 0})
    }
    owner = {}
    for label in sorted(use, key=lambda c: -max(use[c])):
        free = [k for k in range(pi_train.shape[1]) if k not in owner and use[label][k] > 0]
        if free:
            owner[max(free, key=lambda k: use[label][k])] = label
    for k in range(pi_train.shape[1]):
        if k not in owner and any(use[label][k] for label in use):
            owner[k] = max(use, key=lambda label: use[label][k])
    judged = [(row, y) for row, y in zip(pi_test, y_test, strict=True) if y >= 0]
    return sum(owner.get(int(row.argmax())) == y for row, y in judged) / len(judged)


@pytest.mark.parametrize("soft", [True, False])
def test_the_accuracy_is_the_protocols(soft):
    """With more and fewer components than classes, missing classes, labels and components."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        n_classes, n_components = rng.integers(1, 7, size=2)
        missing, unlabelled = rng.integers(0, 3), rng.random() / 2
        y = [rng.integers(0, n_classes + missing, 40) for _ in range(2)]
        y[0][y[0] >= n_classes] = 0  # the last classes are held out only
        if rng.random() < 0.5:
            y[0][y[0] == rng.integers(n_classes)] = n_classes - 1  # and one in the middle
        noise = [rng.dirichlet(np.full(n_components, 0.2), 40) for _ in range(2)]
        used = rng.random(n_components) < 0.8
        used[rng.integers(n_components)] = True
        pi = [(p + 1e-9) * used + 0.3 * one_hot(np.flatnonzero(used)[labels % used.sum()],
              n_components) for p, labels in zip(noise, y, strict=True)]  # fmt: skip
        pi = [p / p.sum(1, keepdims=True) for p in pi]
        if not soft:
            pi = [one_hot(p.argmax(1), n_components) for p in pi]
        for labels in y:
            labels[1:][rng.random(39) < unlabelled] = -1
        found = clustering_scores(pi[0], y[0], pi[1], y[1])["accuracy"]
        assert found == pytest.approx(by_hand(pi[0], y[0], pi[1], y[1]))


def test_a_class_without_training_images_takes_no_component():
    y = np.arange(200) % 4
    pi = one_hot(y + (np.arange(200) % 8 == 3), 5)  # class 3 has components 3 and 4
    assert clustering_scores(pi, y, pi, y)["accuracy"] == 1
    extra = clustering_scores(pi, y, np.vstack([pi, pi[:1]]), np.append(y, 4))
    assert extra["accuracy"] == 200 / 201
    low = clustering_scores(pi, y + 1, np.vstack([pi, pi[:1]]), np.append(y + 1, 0))
    assert low["accuracy"] == 200 / 201


def test_a_class_takes_no_component_that_it_does_not_use():
    # Classes 0 and 1 are in component 0, class 2 in components 1 and 2.
    matrix = np.array([[1.0, 0, 0, 0], [1.0, 0, 0, 0], [0, 0.6, 0.4, 0]])
    np.testing.assert_array_equal(paper_map(matrix), [0, 2, 2, -1])


def test_the_names_of_classes_and_components_do_not_matter():
    rng = np.random.default_rng(0)
    y = rng.integers(4, size=120)
    assigned = np.where(rng.random(120) < 0.3, rng.integers(6, size=120), y)
    pi = 0.9 * one_hot(assigned, 8) + 0.1 * np.append(rng.dirichlet(np.ones(6), 120),
                                                      np.zeros((120, 2)), axis=1)  # fmt: skip
    expected = clustering_scores(pi[:60], y[:60], pi[60:], y[60:])
    for _ in range(5):
        named, shuffled = rng.permutation(7)[y], pi[:, rng.permutation(8)]
        found = clustering_scores(shuffled[:60], named[:60], shuffled[60:], named[60:])
        assert found == pytest.approx(expected)


def test_images_without_a_label_are_left_out_of_scores():
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=80)
    pi = rng.dirichlet(np.ones(5), 80) + one_hot(y, 5)
    marked = np.where(rng.random(80) < 0.5, y, -1)
    known = marked >= 0
    first, last = slice(0, 40), slice(40, 80)
    expected = clustering_scores(
        pi[first][known[first]], y[first][known[first]], pi[last][known[last]], y[last][known[last]]
    )
    assert clustering_scores(pi[first], marked[first], pi[last], marked[last]) == expected
    np.testing.assert_array_equal(
        class_component_matrix(pi, marked, 3), class_component_matrix(pi[known], y[known], 3)
    )
    nothing = np.full(40, -1)
    assert clustering_scores(pi[first], y[first], pi[last], nothing) == {}
    untaught = clustering_scores(pi[first], nothing, pi[last], y[last])
    assert set(untaught) == {"accuracy_hungarian", "purity", "nmi", "ari"}


def test_majority_and_purity_are_those_of_the_contingency_table():
    rng = np.random.default_rng(0)
    for _ in range(100):
        labels = [rng.integers(-1, rng.integers(1, 5), size=60) for _ in range(2)]
        pi = [rng.dirichlet(np.full(rng.integers(3, 4), 0.3), 60) for _ in range(2)]
        known = [y >= 0 for y in labels]
        (train, taught), (test, true) = (
            (p[k].argmax(axis=1), y[k]) for p, k, y in zip(pi, known, labels, strict=True)
        )
        scores = clustering_scores(pi[0], labels[0], pi[1], labels[1])
        if not len(true):
            assert scores == {}
            continue
        assert scores["purity"] == pytest.approx(
            contingency_matrix(true, test).max(axis=0).sum() / len(true)
        )
        if not len(taught):
            assert "accuracy_majority" not in scores
            continue
        sure = pi[0][known[0]]

        def votes(k, y):
            return (taught[train == k] == y).sum(), sure[taught == y, k].sum()  # noqa: B023

        classes = {k: max(set(taught), key=lambda y: votes(k, y)) for k in set(train)}
        right = [classes.get(k) == y for k, y in zip(test, true, strict=True)]
        assert scores["accuracy_majority"] == pytest.approx(np.mean(right))
        assert scores["purity"] >= scores["accuracy_majority"]


@pytest.mark.parametrize(("n_components", "n_classes"), [(5, 3), (3, 5), (4, 4)])
def test_hungarian_with_empty_components_and_classes(n_components, n_classes):
    rng = np.random.default_rng(0)
    for _ in range(10):
        assigned, labels = rng.integers(n_components, size=30), rng.integers(n_classes, size=30)
        assigned[assigned == 1] = 0
        labels[labels == 2] = 0
        size = max(n_components, n_classes)
        expected = max(
            np.mean(np.array(way)[assigned] == labels)
            for way in itertools.permutations(range(size))
        )
        assert hungarian_accuracy(assigned, labels) == pytest.approx(expected)


@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_model_of_partly_labelled_data_is_measured_and_shown(share, monkeypatch):
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 50)
    rng = torch.Generator().manual_seed(0)
    x, y = torch.rand(90, 16, generator=rng), torch.randint(3, (90,), generator=rng)
    y[torch.rand(90, generator=rng) < share] = -1
    data = Dataset("partly", (1, 4, 4), x[:60], y[:60], x[60:], y[60:])
    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2}
    model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, prior).eval()
    scores, point, shown = evaluate(model, data), curve_point(model, data), show_model(model, data)
    assert ("accuracy" in scores) == ("accuracy" in point) == (share < 1)
    assert ("class_components" in shown) == ("code_labels" in shown) == (share < 1)
    assert len(shown["originals"]) == (6 if share < 1 else 20)
    pi = torch.eye(3)[torch.arange(60) % 3]
    assert assignment_scores(pi, pi[:30], data)["components_used"] == pytest.approx(3)
    if share < 1:
        np.testing.assert_array_equal(shown["code_labels"], data.y_test)
        ax = plots.latent(shown)
        drawn = {points.get_label(): points for points in ax.collections}
        for label, known in (("class", y[60:] >= 0), ("no class", y[60:] < 0)):
            np.testing.assert_array_equal(drawn[label].get_offsets(), shown["codes"][known])
        ax.figure.canvas.draw()
        colours = [to_hex(colour).lower() for colour in drawn["class"].get_facecolors()]
        assert colours == [plots.COLOURS[label].lower() for label in y[60:] if label >= 0]
