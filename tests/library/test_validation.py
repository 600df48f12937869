"""Stopping early by images held back, and keeping the best model."""

import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.objectives import Losses, Objective
from otlvm.training import Checkpoints, InterruptedTrainingError, Stop

X = torch.rand(80, 9, generator=torch.Generator().manual_seed(0))
PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}


def make_model():
    torch.manual_seed(0)
    return LatentMixtureModel((1, 3, 3), {"name": "mlp", "hidden": [8]}, PRIOR)


class Scripted(Objective):
    """A loss on held-back images that goes as written, whatever is trained."""

    def __init__(self, values):
        super().__init__()
        self.values = iter(values)
        self.seen = []

    def forward(self, model, x):
        moved = sum(p.sum() for p in model.parameters())
        if self.training:
            return Losses(moved, moved, moved * 0)
        self.seen.append(len(x))
        value = torch.tensor(next(self.values))
        return Losses(value, value, value * 0)


def train(values, stop, steps=20, model=None):
    model, objective = model or make_model(), Scripted(values)
    history = fit(model, objective, X, steps=steps, batch_size=8, log_every=1, stop=stop)
    return model, history, objective


def test_training_stops_after_its_patience():
    values = [5.0, 4.0, 4.5, 4.4, 4.3, 1.0]
    _, history, objective = train(values, Stop(patience=3, share=0.1))
    assert history.steps == 5
    assert [row["validation"] for row in history.rows] == pytest.approx(values[:5])
    assert objective.seen == [8] * 5  # a tenth of 80, in batches as in training


def test_the_best_model_is_kept_or_the_last():
    values = [5.0, 4.0, 4.5, 4.4]
    best, _, _ = train(values, Stop(patience=2, share=0.1))
    second, _, _ = train(values, Stop(patience=None, share=0.1), steps=2)
    last, _, _ = train(values, Stop(patience=2, share=0.1, keep_best=False))
    fourth, _, _ = train(values, Stop(patience=None, share=0.1, keep_best=False), steps=4)
    for name, value in best.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
        assert torch.equal(last.state_dict()[name], fourth.state_dict()[name])
    assert not torch.equal(
        best.state_dict()["network.decoder.0.weight"], last.state_dict()["network.decoder.0.weight"]
    )


def test_held_back_images_are_not_trained_on_and_all_are_used():
    kept, held_back = Stop(share=0.25).cut(X)
    assert len(held_back) == 20
    rows = {tuple(row) for row in torch.cat([kept, held_back]).tolist()}
    assert rows == {tuple(row) for row in X.tolist()}
    assert len(rows) == 80
    again = Stop(share=0.25).cut(X)
    assert torch.equal(again[1], held_back)


def test_looking_changes_nothing_of_the_training():
    x, _ = Stop(share=0.2).cut(X)
    first = make_model()
    fit(first, "vae", x, steps=6, batch_size=16, log_every=1)
    second = make_model()
    stop = Stop(share=0.2, patience=None, keep_best=False)
    fit(second, "vae", X, steps=6, batch_size=16, log_every=1, stop=stop)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])


def test_a_stopped_training_goes_on_to_the_bit(tmp_path):
    def run(name, stops=()):
        for ask in (*stops, None):
            model = make_model()
            answers = iter([step == ask for step in range(40)])
            checkpoints = Checkpoints(tmp_path / name, 1, stop=lambda a=answers: next(a))
            try:
                history = fit(
                    model, "vae", X, steps=30, batch_size=16, learning_rate=0.05, log_every=1,
                    stop=Stop(patience=2, share=0.2), checkpoints=checkpoints,
                )  # fmt: skip
            except InterruptedTrainingError:
                continue
        return model.state_dict(), history.rows

    whole, rows = run("whole")
    parts, others = run("parts", (1, 3))
    assert rows == others
    assert len(rows) < 30
    for name, value in whole.items():
        assert torch.equal(value, parts[name])
    again, same = run("whole")  # it ended: nothing more is trained
    assert same == rows
    for name, value in whole.items():
        assert torch.equal(value, again[name])


@pytest.mark.parametrize(
    ("stop", "told"),
    [
        ({"metric": "divergance"}, "no term 'divergance'.*did you mean 'divergence'"),
        ({"share": 0.01}, "1 images are held back, fewer than batch_size 8"),
        ({"patience": 0}, "patience must be positive"),
        ({"share": 1.0}, "share must be between"),
    ],
)
def test_what_cannot_be_watched(stop, told):
    with pytest.raises(ValueError, match=told):
        fit(make_model(), {"name": "wae", "divergence": "energy"}, X, steps=3, batch_size=8,
            log_every=1, stop=Stop(**stop))  # fmt: skip


MOVES = [
    {"name": "linear", "start": 0, "end": 9, "steps": 5},
    {"name": "constraint", "start": 9},
]


@pytest.mark.parametrize("weight", MOVES, ids=str)
def test_a_loss_whose_weight_moves_is_not_watched(weight):
    """Its rows do not compare: the least loss would be that of the least weight."""
    wae = {"name": "wae", "divergence": "energy", "weight": weight}
    for objective in (wae, {"name": "monte_carlo", "samples": 2, "of": wae}):
        for metric in ("loss", "regularizer"):
            with pytest.raises(ValueError, match=f"stop watches the {metric}, whose weight moves"):
                fit(make_model(), objective, X, steps=3, batch_size=8, stop=Stop(metric=metric))
    for metric in ("reconstruction", "divergence"):
        fit(make_model(), wae, X, steps=3, batch_size=8, log_every=1, stop=Stop(metric=metric))
