"""`check_dataset` passes data of one's own, and finds what is wrong with others."""

import numpy as np
import pytest
import torch

from otlvm.data import Dataset
from otlvm.testing import ConformanceError, check_dataset, dataset_outcomes


def images(n=20, seed=0):
    return torch.rand(n, 16, generator=torch.Generator().manual_seed(seed))


def good(**changes):
    parts = {
        "x_train": images(20),
        "y_train": torch.arange(20) % 3,
        "x_test": images(10, seed=1),
        "y_test": torch.arange(10) % 3,
    }
    return Dataset("mine", (1, 4, 4), **{**parts, **changes})


def test_good_data_pass_and_nothing_is_hidden():
    assert {outcome.status for outcome in dataset_outcomes(good)} == {"passed"}
    outcomes = dataset_outcomes(lambda: good(y_train=None, y_test=None))
    assert {o.check: o.message for o in outcomes if o.status != "passed"} == {
        "classes 0, 1, 2 ...": "no labels"
    }


def after(field, change):
    """Data whose tensor is changed in place, after the `Dataset` has checked it."""

    def make():
        data = good()
        change(getattr(data, field))
        return data

    return make


def from_the_runs_seed():
    return good(x_train=torch.rand(20, 16))


def from_numpy():
    np.random.rand()  # noqa: NPY002
    return good()


def reseeds():
    torch.manual_seed(0)
    return good()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: good(x_train=images() / 0), "hold infinite numbers"),
        (lambda: good(x_test=images()[:, :9]), r"x_test has shape \[20, 9\]"),
        (lambda: good(y_train=torch.arange(19)), r"y_train has shape \[19\]"),
        (lambda: good(y_train=torch.arange(20) - 5), "y_train goes down to -5"),
        (lambda: good(y_test=torch.rand(10)), "whole numbers are expected"),
        (lambda: good(x_train=images().tolist()), "x_train is a list"),
        (lambda: (images(), images()), "returns a tuple, not a Dataset"),
        (after("x_test", lambda x: x[0].fill_(float("nan"))), "x_test holds NaN"),
        (after("x_train", lambda x: x.zero_()), "all pixels of x_train are 0"),
        (
            after("x_train", lambda x: x.resize_(20, 8)),
            r"x_train has shape \(20, 8\), not \(n, 16\)",
        ),
        (after("y_train", lambda y: y.sub_(3)), "y_train is not of classes 0, 1, 2"),
        (after("y_train", lambda y: y.resize_(10)), r"y_train has shape \(10,\) for 20 images"),
        (after("x_train", lambda x: x.requires_grad_()), "x_train requires a gradient"),
        (
            lambda: good(y_train=torch.arange(20) % 3 + 1, y_test=torch.arange(10) % 3 + 1),
            "no image has label 0 of 4 classes: number the classes",
        ),
        (
            lambda: good(y_train=torch.arange(20) * 9),
            "no image has label 3, 4, 5, 6, 7, ... of 172",
        ),
        (lambda: good(x_test=images()[:10]), "every held-out image is a training image too"),
        (from_the_runs_seed, "two calls return different data"),
        (from_numpy, "NumPy's global random state"),
        (reseeds, "it sets torch's seed"),
    ],
)
def test_faulty_data_are_caught(make, told):
    with pytest.raises(ConformanceError, match=told):
        check_dataset(make)


def test_data_that_are_not_read_are_told_once():
    outcomes = dataset_outcomes(lambda: good(x_train=images() / 0))
    assert [o.status for o in outcomes].count("failed") == 1
    assert {o.message for o in outcomes[1:]} == {"it is not read"}
