"""The checks of metrics pass ours, and tell typical faults."""

import numpy as np
import pytest
import torch

from otlvm.metrics import Metric, Number, metrics
from otlvm.sharing import Shelf, shared_on
from otlvm.testing import ConformanceError, check_metric, metric_outcomes
from otlvm.testing.__main__ import main


class Memory(Shelf):
    def __init__(self):
        self.kept = {}

    def once(self, key, compute):
        if key not in self.kept:
            self.kept[key] = compute()
        return self.kept[key]


MEMORY = Memory()


@pytest.mark.parametrize("name", list(metrics))
def test_ours_pass(name):
    with shared_on(MEMORY):  # one classifier for all that need one
        check_metric(lambda: metrics.build(name))


class Good(Metric):
    """The mean pixel."""

    numbers = (Number("good", "good", "high", 2),)

    def compute(self, model, data):
        return {"good": float(data.x_test.mean())}


class Unnamed(Good):
    numbers = ()


class Stolen(Good):
    numbers = (Number("good", "accuracy", "high", 2),)


class Spaced(Good):
    numbers = (Number("so good", "good", "high", 2),)


class Other(Good):
    def compute(self, model, data):
        return {"better": 1.0}


class Infinite(Good):
    def compute(self, model, data):
        return {"good": float("inf")}


class NumPys(Good):
    def compute(self, model, data):
        return {"good": np.random.rand()}  # noqa: NPY002


class Trains(Good):
    def compute(self, model, data):
        next(model.parameters()).add_(1)
        return {"good": 1.0}


class Rescales(Good):
    def compute(self, model, data):
        data.x_test.mul_(0.5)
        return {"good": 1.0}


class Labels(Good):
    def compute(self, model, data):
        return {"good": float(torch.bincount(data.y_test).max())}


@pytest.mark.parametrize(
    ("faulty", "told"),
    [
        (Unnamed, "needs `numbers`"),
        (Stolen, "has the name of our accuracy"),
        (Spaced, "'so good' is not a name"),
        (Other, "returns better, which is not among its numbers: good"),
        (Infinite, "good is inf"),
        (NumPys, "draw from torch alone"),
        (NumPys, "NumPy's global random state"),
        (Trains, "changes the model: "),
        (Rescales, "changes the data"),
        (Labels, "leaves out images without a label: it raises"),
        (Labels, "say `needs_labels = True`"),
    ],
)
def test_faults_are_told(faulty, told):
    with pytest.raises(ConformanceError, match="fails") as error:
        check_metric(faulty)
    assert told in str(error.value)


def test_a_good_one_passes_and_the_command_line_checks_it(capsys):
    assert {outcome.status for outcome in metric_outcomes(Good)} == {"passed"}
    assert main(["flops"]) == 0
    assert "leaves out images without a label" in capsys.readouterr().out
