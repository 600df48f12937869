"""The start from a plain autoencoder and a mixture of its codes."""

import pytest
import torch
from sklearn.mixture import GaussianMixture

from otlvm import LatentMixtureModel
from otlvm.seeding import afresh
from otlvm.sharing import Shelf, shared_on
from otlvm.starts import starts

NETWORK = {"name": "mlp", "hidden": [32], "component_hidden": [32]}
SPEC = {"name": "autoencoder", "steps": 300, "learning_rate": 0.01, "n_init": 3}


KINDS = torch.tensor([0, 0, 1, 2]).repeat(75)


def groups():
    """Images of three kinds, told apart by which of their rows are bright."""
    generator = torch.Generator().manual_seed(0)
    bright = torch.eye(4)[KINDS].repeat_interleave(4, dim=1)
    return 0.8 * bright + 0.2 * torch.rand(300, 16, generator=generator)


def make_model(learn=True, **given):
    torch.manual_seed(0)
    prior = {"name": "gaussian_mixture", "components": 3, "dim": 2, "learn": learn}
    return LatentMixtureModel(
        (1, 4, 4), NETWORK, prior, **{"inference": "responsibilities", **given}
    )


class Memory(Shelf):
    def __init__(self):
        self.kept, self.computed = {}, 0

    def once(self, key, compute):
        if key not in self.kept:
            self.computed += 1
            self.kept[key] = compute()
        return self.kept[key]


def prepared(spec=SPEC, shelf=None, **given):
    model = make_model(**given)
    torch.manual_seed(1)
    with afresh(torch.device("cpu")), shared_on(shelf):
        starts.build(spec).prepare(model, groups(), 50)
    return model.eval()


@torch.no_grad()
def codes(model):
    return model.network.components(groups())[0].squeeze(1)


def test_images_are_reconstructed():
    x = groups()
    for spec in (SPEC, {**SPEC, "noise": 0.1}):
        model = prepared(spec)
        with torch.no_grad():
            error = float((model.decode(codes(model)) - x).square().sum(1).mean())
        assert error < 0.3 * float((x - x.mean(0)).square().sum(1).mean())


def test_the_prior_is_the_mixture_of_the_codes():
    model = prepared()
    reference = GaussianMixture(3, covariance_type="diag", n_init=3, random_state=1)
    reference.fit(codes(model).double().numpy())
    means, covariances = model.prior.moments()
    expected = torch.from_numpy(reference.means_).float()
    torch.testing.assert_close(means.detach(), expected, rtol=1e-3, atol=1e-3)
    variances = covariances.detach().diagonal(dim1=-2, dim2=-1)
    expected = torch.from_numpy(reference.covariances_).float()
    torch.testing.assert_close(variances, expected, rtol=1e-2, atol=1e-4)
    expected = torch.from_numpy(reference.weights_).float()
    torch.testing.assert_close(model.prior.weights().detach(), expected, rtol=1e-3, atol=1e-3)
    # And so the groups are told apart before anything else is trained.
    k = model.prior.responsibilities(codes(model)).argmax(1)
    assert all(len(set(k[kind == KINDS].tolist())) == 1 for kind in range(3))
    assert len(set(k.tolist())) == 3


@pytest.mark.parametrize("learn", [False, ["means"], ["weights", "scales"]])
def test_only_what_is_learned_moves(learn):
    fixed, model = make_model(learn=learn).prior, prepared(learn=learn)
    before, after = fixed.moments(), model.prior.moments()
    parts = learn or []
    assert torch.equal(before[0], after[0]) == ("means" not in parts)
    assert torch.equal(before[1], after[1]) == ("scales" not in parts)
    assert torch.equal(fixed.weights(), model.prior.weights()) == ("weights" not in parts)


def test_the_mean_s_responsibilities_are_the_mixture_s_and_a_sample_s_are_not():
    """An untrained sigma is about 1 whatever the codes' scale: a draw forgets its cluster."""
    x = groups()
    mean = prepared(inference={"name": "responsibilities", "of": "mean"})
    sample = prepared()
    with torch.no_grad():
        reference = mean.prior.responsibilities(codes(mean))
        torch.testing.assert_close(mean.encode(x).pi, reference)
        drawn = sample.encode(x)
        assert drawn.std.mean() > 0.3
        assert (drawn.pi.argmax(1) != reference.argmax(1)).float().mean() > 0.02
    assert mean.config != sample.config


def test_rows_share_one_autoencoder():
    memory = Memory()
    first = prepared(shelf=memory)
    assert memory.computed == 2  # the autoencoder, and the mixture
    again = prepared(shelf=memory)
    assert memory.computed == 2
    alone = prepared()
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
        assert torch.equal(value, alone.state_dict()[name]), name
    prepared(shelf=memory, learn=False)  # another prior, the same autoencoder
    assert memory.computed == 2
    prepared(shelf=memory, inference={"name": "responsibilities", "of": "mean"})
    assert memory.computed == 2
    prepared({**SPEC, "steps": 10}, shelf=memory)
    assert memory.computed == 4


@pytest.mark.parametrize("kept", [False, True])
def test_what_comes_after_draws_the_same_taken_from_a_shelf_or_not(kept):
    memory = Memory()
    if kept:
        prepared(shelf=memory)
    model = make_model()
    torch.manual_seed(1)
    with shared_on(memory):
        starts.build(SPEC).prepare(model, groups(), 50)
    after = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(after, torch.rand(3))


@pytest.mark.parametrize("inference", ["mirror", "independent"])
def test_it_needs_one_gaussian(inference):
    with pytest.raises(TypeError, match="inference: responsibilities"):
        prepared(inference=inference)


@pytest.mark.parametrize("changed", [{"steps": -1}, {"noise": -1.0}, {"n_init": 0}])
def test_out_of_range(changed):
    with pytest.raises(ValueError, match="must"):
        starts.build({**SPEC, **changed})
