import pytest
import torch
from torch.nn.functional import one_hot

from otlvm import LatentMixtureModel, fit, pretrain_moments
from otlvm.baselines import Baseline
from otlvm.evaluation import hungarian_accuracy
from otlvm.objectives import VAE
from otlvm.priors import priors
from otlvm.registry import RegistryError
from otlvm.sharing import Shelf, shared_on
from otlvm.starts import Distill, starts
from otlvm.training import Checkpoints, InterruptedTrainingError

PRIOR = {"name": "gaussian_mixture", "components": 3, "dim": 2}


@pytest.fixture
def x():
    return torch.rand(100, 16, generator=torch.Generator().manual_seed(0))


class Halves(Baseline):
    """Three clusters, told apart by the brightness of the first pixel."""

    def fit(self, x, n_components):
        self.n_components = n_components
        return self.assign(x)

    def assign(self, x):
        return one_hot((x[:, 0] * 3).long().clamp(max=2), self.n_components).float()


def test_starting_at_the_prior_gives_its_moments_whatever_x(x):
    for spec in ({"name": "gaussian_mixture", "components": 4}, {"name": "rotated_2d"}):
        prior = priors.build(spec)
        model = LatentMixtureModel((1, 4, 4), network="mlp", prior=prior)
        starts.build("prior").prepare(model, x, 32)
        posterior = model.encode(x)
        mean, covariance = prior.moments()
        torch.testing.assert_close(posterior.mean, mean.expand_as(posterior.mean))
        variances = covariance.diagonal(dim1=-2, dim2=-1)
        torch.testing.assert_close(posterior.std.square(), variances.expand_as(posterior.std))


def seeded_model(network="mlp"):
    torch.manual_seed(0)
    model = LatentMixtureModel((1, 4, 4), network, PRIOR)
    torch.manual_seed(0)
    return model


def same(one, other):
    others = other.state_dict()
    return all(torch.equal(value, others[name]) for name, value in one.state_dict().items())


def test_the_moments_start_is_moment_pretraining(x):
    model, by_hand = seeded_model(), seeded_model()
    pretrain_moments(by_hand, x, steps=5, batch_size=32)
    torch.manual_seed(0)
    torch.rand(7)  # whatever was drawn before
    state = torch.get_rng_state()
    starts.build({"name": "moments", "steps": 5}).prepare(model, x, 32)
    assert same(model, by_hand)
    assert torch.equal(torch.get_rng_state(), state)


class Memory(Shelf):
    def __init__(self):
        self.kept = {}

    def once(self, key, compute):
        if key not in self.kept:
            self.kept[key] = compute()
        return self.kept[key]


def test_rows_share_what_the_moments_start_learns(x):
    memory = Memory()

    def prepare(seed=0, batch_size=32, network="mlp", x=x, **spec):
        model = seeded_model(network)
        torch.manual_seed(seed)
        with shared_on(memory):
            starts.build({"name": "moments", "steps": 5, **spec}).prepare(model, x, batch_size)
        return model

    first = prepare()
    assert len(memory.kept) == 1
    assert same(first, prepare())  # its count of batches too
    assert len(memory.kept) == 1
    others = [
        prepare(seed=1),
        prepare(batch_size=16),
        prepare(steps=6),
        prepare(learning_rate=1e-4),
        prepare(diagonal=True),
        prepare(network={"name": "mlp", "component_hidden": [8]}),
        prepare(x=1 - x),
    ]
    assert len(memory.kept) == 1 + len(others)
    assert not any(same(first, other) for other in others)


@pytest.mark.parametrize("spec", [{"steps": -1}, {"learning_rate": 0}])
def test_bad_starts(spec):
    with pytest.raises(RegistryError, match="must"):
        starts.build({"name": "moments", **spec})


def test_a_foreign_network_cannot_start_at_the_prior(x):
    model = LatentMixtureModel((1, 4, 4), "mlp", PRIOR)
    model.network.components = torch.nn.Linear(16, 2)
    with pytest.raises(TypeError, match="knows ComponentNets, not Linear"):
        starts.build("prior").prepare(model, x, 32)


def test_the_classifier_learns_a_clustering(x):
    torch.manual_seed(0)
    x = torch.rand(600, 16)
    model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [64]}, PRIOR)
    decoder = {k: v.clone() for k, v in model.network.decoder.state_dict().items()}
    Distill(Halves(), steps=300, learning_rate=3e-3).prepare(model, x, 50)
    others = torch.rand(200, 16)
    clusters = Halves()
    clusters.fit(x, 3)
    with torch.no_grad():
        pi = model.eval().encode(others).pi
    assert hungarian_accuracy(pi.argmax(1).numpy(), clusters.assign(others).argmax(1).numpy()) > 0.9
    for name, value in model.network.decoder.state_dict().items():
        assert torch.equal(value, decoder[name])


def test_distillation_starts_the_component_nets_as_asked(x):
    spec = {
        "name": "distill",
        "clustering": {"name": "kmeans", "n_init": 1},
        "steps": 1,
        "then": "prior",
    }
    model = LatentMixtureModel((1, 4, 4), "mlp", PRIOR)
    starts.build(spec).prepare(model, x, 32)
    mean, _ = model.prior.moments()
    posterior = model.encode(x)
    torch.testing.assert_close(posterior.mean, mean.expand_as(posterior.mean))


@pytest.mark.parametrize("hold", [True, False])
def test_what_was_distilled_is_held_over_interruptions(x, tmp_path, hold):
    """The classifier stays as it was distilled, to the last bit, and the rest is trained."""

    def train(path, stop=lambda: False):
        torch.manual_seed(0)
        model = LatentMixtureModel((1, 4, 4), "mlp", PRIOR)
        checkpoints = Checkpoints(path, 2, stop=stop)
        if checkpoints.load() is None:
            Distill(Halves(), steps=2, hold=hold).prepare(model, x, 50)
        before = {name: p.detach().clone() for name, p in model.named_parameters()}
        fit(model, VAE(), x, steps=4, batch_size=50, checkpoints=checkpoints)
        changed = [name for name, p in model.named_parameters() if not torch.equal(p, before[name])]
        return changed, model

    changed, whole = train(tmp_path / "a")
    assert any(name.startswith("network.classifier") for name in changed) != hold
    assert any(name.startswith("network.decoder") for name in changed)
    with pytest.raises(InterruptedTrainingError):
        train(tmp_path / "b", stop=lambda: True)
    _, resumed = train(tmp_path / "b")
    torch.testing.assert_close(resumed.state_dict(), whole.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("spec", [{"steps": -1}, {"learning_rate": 0.0}])
def test_bad_distillation(spec):
    with pytest.raises(RegistryError, match="must"):
        starts.build({"name": "distill", "clustering": "kmeans", **spec})
    with pytest.raises(RegistryError, match=r"unknown baseline 'kmean' .did you mean 'kmeans'"):
        starts.build({"name": "distill", "clustering": "kmean"})


def test_a_trained_model_is_where_training_starts(x, tmp_path):
    model, other = (LatentMixtureModel((1, 4, 4), "mlp", PRIOR) for _ in range(2))
    model.encode(x)  # running means of the norms move
    model.save(tmp_path)
    starts.build({"name": "trained", "run": str(tmp_path)}).prepare(other, x, 32)
    for name, value in model.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name


def test_a_trained_model_of_another_form_is_refused(x, tmp_path):
    LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, PRIOR).save(tmp_path)
    model = LatentMixtureModel((1, 4, 4), "mlp", PRIOR)
    start = starts.build({"name": "trained", "run": str(tmp_path)})
    with pytest.raises(ValueError, match="has other parts: network"):
        start.prepare(model, x, 32)
    with pytest.raises(FileNotFoundError, match="holds no saved model"):
        starts.build({"name": "trained", "run": str(tmp_path / "none")}).prepare(model, x, 32)
