"""What may be a class, and what classes are called."""

import numpy as np
import pytest
import torch

from otlvm.data import DataError, digits, from_arrays, split
from otlvm.data.mnist import ARTICLES, LETTERS, fashion_mnist

RNG = np.random.default_rng(0)
X = RNG.random((60, 5, 4))
CLASSES = np.arange(60) % 3
NAMES = np.array(["ant", "bee", "cat"])[CLASSES]
DATES = np.array(["2020-01-01", "2020-01-02", "2020-01-03"], dtype="M8[D]")[CLASSES]


# classes that cannot be split, and numbers that are no classes


def test_a_class_with_one_image_is_named():
    labels = np.where(np.arange(60) == 5, "zebra", NAMES)
    with pytest.raises(DataError, match=r"one image only of zebra.*'stratify: false'"):
        split("a", X, labels, 0.2, 0)
    data = split("a", X, labels, 0.2, 0, stratify=False)
    assert data.class_names == ("ant", "bee", "cat", "zebra")
    with pytest.raises(DataError, match=r"number of classes, 3: .*'stratify: false'"):
        split("a", X, NAMES, 0.03, 0)
    assert len(split("a", X, NAMES, 0.03, 0, stratify=False).x_test) == 2


def test_without_strata_the_split_is_that_of_images_without_labels():
    data = split("a", X, NAMES, 0.25, 4, stratify=False)
    plain = split("a", X, None, 0.25, 4)
    assert torch.equal(data.x_test, plain.x_test)
    assert digits(stratify=False).checksum != digits().checksum


@pytest.mark.parametrize("n", [60, 5000])
def test_continuous_labels_are_no_classes(n):
    x, y = np.zeros((n, 2, 2)) + 0.5, RNG.normal(size=n)
    with pytest.raises(DataError) as refused:
        split("a", x, y, 0.2, 0)
    assert "labels are continuous" in str(refused.value)
    assert f"{n:,} different numbers" in str(refused.value)
    assert "'stratify: false'" in str(refused.value)
    assert len(str(refused.value)) < 400
    assert split("a", x, y, 0.2, 0, stratify=False).n_classes == n
    with pytest.raises(DataError, match="continuous"):
        from_arrays("a", x[:9], y[:9], x[9:], y[9:])
    assert split("a", x, np.abs(y).round(), 0.2, 0, stratify=False).n_classes < 8


def test_a_class_an_image_is_told_in_one_line():
    for labels in (np.arange(60), np.array([f"image {'x' * 1000} {k}" for k in range(60)])):
        with pytest.raises(DataError, match=r"and 55 others: take it out") as refused:
            split("a", X, labels, 0.2, 0)
        assert len(str(refused.value)) < 500


# names


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (NAMES, ("ant", "bee", "cat")),
        (NAMES.astype("S"), ("ant", "bee", "cat")),
        (NAMES.astype(object), ("ant", "bee", "cat")),
        (CLASSES, None),
        (CLASSES.astype(float), None),
        (CLASSES + 1, ("1", "2", "3")),
        (CLASSES * 2.0, ("0", "2", "4")),
        (CLASSES / 2, ("0.0", "0.5", "1.0")),
        (CLASSES.astype(str), ("0", "1", "2")),
        (CLASSES == 0, ("False", "True")),
        (DATES, ("2020-01-01", "2020-01-02", "2020-01-03")),
    ],
)
def test_class_names(labels, names):
    data = split("a", X, labels, 0.25, 0)
    assert data.class_names == names
    assert from_arrays("a", X[:40], labels[:40], X[40:], labels[40:]).class_names == names
    assert data.to("cpu").class_names == data.first(9, 9).class_names == names


def test_names_are_shown():
    assert repr(split("a", X, NAMES, 0.25, 0)).endswith("3 classes (ant, bee, cat))")
    gaps = repr(split("a", X, np.where(np.arange(60) % 4 == 0, "", NAMES), 0.2, 0))
    assert gaps.endswith("3 classes (ant, bee, cat), 12 and 3 without a label)")
    many = split("a", X, np.array([f"class {k % 30:02}" for k in range(60)]), 0.5, 0)
    assert repr(many).endswith("class 09 and 20 others))")


def test_given_names():
    data = from_arrays("a", X[:40], CLASSES[:40], X[40:], CLASSES[40:], class_names=list("pqrs"))
    assert data.class_names == ("p", "q", "r")
    some = from_arrays("a", X[:2], [3, 1], X[2:4], [1, -1], class_names=list("pqrs"))
    assert some.class_names == ("q", "s")
    assert some.y_train.tolist() == [1, 0]
    assert some.y_test.tolist() == [0, -1]
    gap = from_arrays("a", X[:2], [0, 1], X[2:4], [1, 1], class_names=["", "p"])
    assert gap.class_names == ("p",)
    assert gap.y_train.tolist() == [-1, 0]
    for wrong in ([0, 2], [0.5, 1.0], ["p", "q"], [-2, 1]):
        with pytest.raises(DataError, match="not the numbers of 2 classes, 0 to 1"):
            from_arrays("a", X[:2], wrong, X[2:4], wrong, class_names=["p", "q"])


def test_names_of_the_known_sets(tmp_path, write_mnist):
    write_mnist(tmp_path, "FashionMNIST")
    assert fashion_mnist(str(tmp_path)).class_names == ARTICLES
    from torchvision.datasets import KMNIST, FashionMNIST

    assert list(ARTICLES) == FashionMNIST.classes
    assert list(LETTERS) == KMNIST.classes


def test_names_hold_no_control_codes():
    labels = np.array(["a\nb", "\x1b[31mred", "\udcff"])[CLASSES]
    data = split("my\ndata", X, labels, 0.25, 0)
    assert data.class_names == (r"\x1b[31mred", "a b", r"\udcff")
    assert data.name == "my data"
    data = split("a", X, CLASSES, 0.25, 0, class_names=["a\tb", "c", "d"])
    assert data.class_names == ("a b", "c", "d")
