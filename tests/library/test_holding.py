"""What is held stays as it is to the last bit, whatever trains or measures the model."""

import pytest
import torch

from otlvm import LatentMixtureModel, fit
from otlvm.data import Dataset
from otlvm.evaluation import component_probabilities, curve_point, evaluation_mode
from otlvm.networks import hold, release
from otlvm.objectives import VAE
from otlvm.starts import starts
from otlvm.training import Checkpoints, InterruptedTrainingError

PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}
CONV = {"name": "conv_mlp", "encoder_filters": 4, "hidden": [8], "component_hidden": [8]}
HELD = {
    "name": "distill",
    "clustering": {"name": "kmeans", "n_init": 1},
    "steps": 5,
    "then": {"name": "moments", "steps": 2},
    "hold": True,
}


@pytest.fixture
def x():
    return torch.rand(96, 64, generator=torch.Generator().manual_seed(0))


def make_model(network=CONV):
    torch.manual_seed(0)
    return LatentMixtureModel((1, 8, 8), network, PRIOR)


def probabilities(model, x):
    with evaluation_mode(model):
        return component_probabilities(model, x)


def test_a_distilled_classifier_does_not_move(x):
    """Its batch norm neither, though points of the curve set eval and train mode in between."""
    model = make_model()
    starts.build(HELD).prepare(model, x, 32)
    data = Dataset("noise", (1, 8, 8), x, None, x, None)
    before = probabilities(model, x)
    changes = []

    def look(trained):
        changes.append((probabilities(trained, x) - before).abs().max())
        return curve_point(trained, data)

    fit(model, VAE(), x, steps=60, batch_size=32, learning_rate=1e-2, log_every=10, evaluate=look)
    assert len(changes) == 6
    assert max(changes) == 0
    assert torch.equal(probabilities(model, x), before)


@pytest.mark.parametrize("part", ["classifier", "components", "decoder"])
def test_any_part_can_be_held(x, part):
    """Parameters and buffers of that part stay, those of the others move."""
    model = make_model()
    if part == "components":  # by hand is as good
        model.network.components.requires_grad_(False)
    else:
        hold(getattr(model.network, part))
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    fit(model, VAE(), x, steps=3, batch_size=32)
    after = model.network.state_dict()
    moved = {name.split(".")[0] for name, value in after.items() if not value.equal(before[name])}
    assert moved == {"classifier", "components", "decoder"} - {part}


def test_modes_are_put_back_as_they_were():
    model = make_model().train()
    hold(model.network.classifier)
    model.network.decoder[1].eval()
    modes = [module.training for module in model.modules()]
    with evaluation_mode(model):
        assert not any(module.training for module in model.modules())
    assert [module.training for module in model.modules()] == modes
    model.eval().train()
    assert not any(module.training for module in model.network.classifier.modules())
    assert model.network.decoder[1].training
    release(model.network.classifier)
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize("at", [1, 7])
def test_a_resumed_training_holds_the_same(x, tmp_path, at):
    def train(path, stop=lambda: False):
        model = make_model()
        checkpoints = Checkpoints(path, every_steps=3, stop=stop)
        if checkpoints.load() is None:
            starts.build(HELD).prepare(model, x, 32)
        fit(model, VAE(), x, steps=9, batch_size=32, checkpoints=checkpoints)
        return model

    whole = train(tmp_path / "whole")
    left = iter(range(at))
    with pytest.raises(InterruptedTrainingError):
        train(tmp_path / "cut", stop=lambda: next(left, None) is None)
    resumed = train(tmp_path / "cut")
    torch.testing.assert_close(resumed.state_dict(), whole.state_dict(), rtol=0, atol=0)
    assert not any(p.requires_grad for p in resumed.network.classifier.parameters())


def test_what_was_held_can_be_distilled_again(x):
    model = make_model()
    for _ in range(2):
        starts.build(HELD).prepare(model, x, 32)
    starts.build({**HELD, "hold": False}).prepare(model, x, 32)
    assert all(p.requires_grad for p in model.parameters())


def test_a_model_can_be_held_as_a_whole(x):
    model = make_model()
    hold(model)
    assert not any(part.training for part in model.train().modules())
    with pytest.raises(ValueError, match=r"no parameter requires a gradient: .*release\(model\)"):
        fit(model, VAE(), x, steps=1, batch_size=8)
    release(model)
    assert all(part.training for part in model.modules())
    fit(model, VAE(), x, steps=1, batch_size=8)
