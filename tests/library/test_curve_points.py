"""The points of a learning curve: on which images, and how far they are from the tables."""

import pytest
import torch
from torch.nn.functional import one_hot

from otlvm import LatentMixtureModel
from otlvm.data import Dataset
from otlvm.evaluation import (
    assignment_scores,
    curve_part,
    curve_point,
    curve_scores,
    evaluate,
    show_model,
    spread_out,
)
from otlvm.evaluation.evaluate import CURVE_SCORES


@pytest.fixture(autouse=True)
def _few_codes(monkeypatch):
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 50)


def sorted_by_class(n, m):
    """Images of four classes, one class after the other; the first pixels say which."""

    def part(count, seed):
        y = torch.arange(count) * 4 // count
        x = torch.rand(count, 16, generator=torch.Generator().manual_seed(seed)) / 2
        x[:, :4] = one_hot(y, 4).float()
        return x, y

    return Dataset("sorted", (1, 4, 4), *part(n, 0), *part(m, 1))


@pytest.fixture
def model():
    class Reads(torch.nn.Module):
        def forward(self, x):
            return 50 * x[:, [2, 0, 3, 1]]

    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": 4, "dim": 3}
    model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, prior).eval()
    model.network.classifier = Reads()
    return model


def test_images_that_stand_for_all():
    assert spread_out(5, None).tolist() == spread_out(5, 5).tolist() == [0, 1, 2, 3, 4]
    chosen = spread_out(60_000, 5000)
    assert torch.equal(chosen, spread_out(60_000, 5000))
    assert torch.equal(chosen, chosen.unique())  # increasing, each once
    counts = torch.histc(chosen.float(), bins=10, min=0, max=60_000)
    assert (counts - 500).abs().max() < 4 * 450**0.5  # binomial
    assert len(torch.unique(chosen % 10)) == 10  # periodic data are no trap


def test_sorted_data_are_measured_and_shown_in_all_their_classes(model):
    data = sorted_by_class(8000, 2000)
    point = curve_point(model, data)
    assert point["accuracy"] == 1
    assert point["components_used"] == pytest.approx(4, rel=0.01)
    assert set(curve_part(data).y_test.tolist()) == set(curve_part(data).y_train.tolist())
    assert set(show_model(model, data)["code_labels"].tolist()) == {0, 1, 2, 3}


def test_a_point_of_all_images_is_what_tables_say(model):
    small, large = sorted_by_class(300, 200), sorted_by_class(6000, 1500)
    for data, wanted in ((small, {}), (large, {"training": None, "held_out": None})):
        point, table = curve_point(model, data, **wanted), evaluate(model, data)
        match = point.pop("latent_mmd")
        assert point == {name: table[name] for name in ("bce", *CURVE_SCORES)}
        assert match == pytest.approx(table["latent_mmd"], rel=0.2)  # other codes of z
    assert curve_point(model, large)["bce"] != evaluate(model, large)["bce"]
    assert curve_part(small).x_test is small.x_test


def test_baselines_are_measured_on_the_images_of_a_curve():
    data = sorted_by_class(6000, 1500)
    rng = torch.Generator().manual_seed(0)
    pi_train, pi_test = (torch.rand(n, 4, generator=rng) for n in (6000, 1500))
    part = curve_part(data, training=1000, held_out=100)
    assert (len(part.x_train), len(part.x_test)) == (1000, 100)
    train, test = spread_out(6000, 1000), spread_out(1500, 100)
    assert torch.equal(part.x_train, data.x_train[train])
    assert torch.equal(part.y_test, data.y_test[test])
    scores = curve_scores(pi_train, pi_test, data, training=1000, held_out=100)
    expected = assignment_scores(pi_train[train], pi_test[test], part)
    assert scores == {name: expected[name] for name in CURVE_SCORES}
