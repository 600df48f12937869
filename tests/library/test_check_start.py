"""`check_start` passes a start of one's own, and finds what is wrong with others."""

import copy

import pytest
import torch

from otlvm.networks import hold
from otlvm.priors import GaussianMixture
from otlvm.starts import Start
from otlvm.testing import ConformanceError, check_start, small_model, start_outcomes


class Shrunk(Start):
    """Every weight halved."""

    def prepare(self, model, x, batch_size):
        with torch.no_grad():
            for parameter in model.network.parameters():
                parameter.mul_(0.5)


class Held(Shrunk):
    """A classifier that is held is in eval mode, rightly."""

    def prepare(self, model, x, batch_size):
        super().prepare(model, x, batch_size)
        hold(model.network.classifier)


@pytest.mark.parametrize("start", [Shrunk, Held])
def test_a_good_start_passes_and_nothing_is_hidden(start):
    statuses = {outcome.check: outcome.status for outcome in start_outcomes(start)}
    assert statuses.pop("CUDA") == ("passed" if torch.cuda.is_available() else "skipped")
    assert set(statuses.values()) == {"passed"}
    assert len(statuses) == 8


def test_the_small_model_is_the_same_every_time():
    first, second = small_model().state_dict(), small_model().state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


class MovesThePrior(Start):
    def prepare(self, model, x, batch_size):
        model.prior.means.add_(1)


class ReplacesThePrior(Start):
    def prepare(self, model, x, batch_size):
        model.prior = GaussianMixture(3, 2, distance=6)


class ReplacesTheNetwork(Start):
    def prepare(self, model, x, batch_size):
        model.network = copy.deepcopy(model.network)


class Wider(Start):
    def prepare(self, model, x, batch_size):
        model.network.classifier[-1] = torch.nn.Linear(16, 5)


class Nan(Start):
    def prepare(self, model, x, batch_size):
        with torch.no_grad():
            model.network.classifier[-1].bias.fill_(float("nan"))


class LeavesEval(Start):
    def prepare(self, model, x, batch_size):
        model.eval()


class LeavesAPartInEval(Start):
    def prepare(self, model, x, batch_size):
        model.network.decoder.eval()


class TurnsHeldPartsOn(Start):
    def prepare(self, model, x, batch_size):
        model.network.decoder.requires_grad_(False).train()


class Freezes(Start):
    def prepare(self, model, x, batch_size):
        hold(model)


class NegatesImages(Shrunk):
    def prepare(self, model, x, batch_size):
        x.neg_()


class Halves(Start):
    def prepare(self, model, x, batch_size):
        model.float()


class Reseeds(Start):
    def prepare(self, model, x, batch_size):
        torch.manual_seed(0)
        torch.nn.init.normal_(model.network.classifier[-1].bias)


class FlipsGradMode(Start):
    def prepare(self, model, x, batch_size):
        torch.set_grad_enabled(False)


class Unseeded(Start):
    rng = torch.Generator()

    def prepare(self, model, x, batch_size):
        bias = model.network.classifier[-1].bias
        with torch.no_grad():
            bias.add_(torch.rand(bias.shape, generator=self.rng).to(bias))


class OneBatch(Start):
    def prepare(self, model, x, batch_size):
        model(x)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (MovesThePrior, "changes the prior's means: a prior stays"),
        (ReplacesThePrior, "replaces the network or the prior"),
        (ReplacesTheNetwork, "replaces the network or the prior"),
        (Wider, "classifier.*has another shape"),
        (Nan, "leaves network.classifier.*with NaN"),
        (LeavesEval, "leaves the model in eval mode"),
        (LeavesAPartInEval, r"leaves network\.decoder in eval mode"),
        (TurnsHeldPartsOn, r"leaves network\.decoder in train mode"),
        (Freezes, "no parameter requires a gradient afterwards"),
        (NegatesImages, "changes the images that it is given"),
        (Halves, "turns prior.means of a float64 model into torch.float32"),
        (Reseeds, "it sets torch's seed"),
        (FlipsGradMode, "leaves the grad mode at False"),
        (Unseeded, "two starts under the same seed differ in network.classifier"),
        (OneBatch, "it raises NotImplementedError"),
    ],
)
def test_faulty_starts_are_caught(make, told):
    with pytest.raises(ConformanceError, match=told):
        check_start(make)
