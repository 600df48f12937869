"""Models of each kind of inference: what is built, decoded, saved, started and refused."""

import json

import pytest
import torch

from otlvm import LatentMixtureModel, fit, load, pretrain_moments
from otlvm.divergences import IMQMMD
from otlvm.inference import Inference, Mirror, Responsibilities, inferences
from otlvm.objectives import VAE, WAE
from otlvm.priors import Prior
from otlvm.registry import RegistryError
from otlvm.testing import ConformanceError, check_inference

N, K, D, PIXELS = 6, 3, 2, 9
NETWORK = {"name": "mlp", "hidden": [8], "component_hidden": [4]}
PRIOR = {
    "name": "mixture",
    "means": [[0.0, 1.0], [3.0, 0.0], [-1.0, -2.0]],
    "covariances": [[1.0, 0.5], [2.0, 1.0], [0.7, 1.3]],
    "weights": [0.5, 0.2, 0.3],
}
KINDS = [
    "mirror",
    {"name": "responsibilities", "of": "sample"},
    {"name": "responsibilities", "of": "mean"},
    {"name": "responsibilities", "of": "expectation"},
    "independent",
    "m2",
]
SHARED = KINDS[1:-1]
TOLD = KINDS[-2:]
"""Whose decoder is given k too."""
by_kind = pytest.mark.parametrize("kind", KINDS, ids=str)


def small_model(kind):
    torch.manual_seed(0)
    return LatentMixtureModel((1, 3, 3), NETWORK, PRIOR, kind).double().eval()


@pytest.fixture
def x():
    generator = torch.Generator().manual_seed(1)
    return torch.rand(N, PIXELS, generator=generator, dtype=torch.float64)


@by_kind
def test_what_is_built_is_what_is_needed(kind):
    network = small_model(kind).network
    shared = kind in SHARED
    assert network.components.output.weight.shape == (1 if shared else K, 4, 2 * D)
    assert (network.classifier is None) == ("responsibilities" in str(kind))
    assert network.decoder[0].in_features == (D + K if kind in TOLD else D)
    decoded = []
    network.decoder.register_forward_pre_hook(lambda _, args: decoded.append(len(args[0])))
    model = small_model(kind)
    model.network.decoder.register_forward_pre_hook(lambda _, args: decoded.append(len(args[0])))
    VAE()(model, torch.rand(N, PIXELS).double())
    assert decoded == [N if "responsibilities" in str(kind) else N * K]


@by_kind
def test_a_model_draws_decodes_and_is_saved(kind, x, tmp_path):
    model = small_model(kind)
    for images in (model.sample(4), model.sample_component(1, 4), model.reconstruct(x[:4])):
        assert images.shape == (4, PIXELS)
    start, end = model.encode_means(x[:2]).likeliest()
    path = model.interpolate(start, end, 3)
    # Products of more rows may round otherwise, by the processor.
    torch.testing.assert_close(path[0], model.decode(start), rtol=1e-12, atol=0)
    model.save(tmp_path)
    restored = load(tmp_path)
    assert restored.config["inference"] == kind
    assert torch.equal(restored.encode_means(x).pi, model.encode_means(x).pi)
    assert torch.equal(restored.decode(start), model.decode(start))


@pytest.mark.parametrize("kind", TOLD)
def test_samples_decode_each_k_with_its_own_z(kind):
    model = small_model(kind)
    seen = []
    model.network.decoder.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    torch.manual_seed(0)
    model.sample(2000)
    torch.manual_seed(0)
    z, k = model.prior.sample_with_components(2000)
    assert torch.equal(seen[0][:, :D], z)
    assert torch.equal(seen[0][:, D:].argmax(1), k)
    model.sample_component(2, 50)
    assert (seen[1][:, D:].argmax(1) == 2).all()


def test_old_configs_mean_mirror(tmp_path, x):
    model = small_model("mirror")
    model.save(tmp_path)
    file = tmp_path / "config.json"
    config = json.loads(file.read_text())
    del config["inference"]
    file.write_text(json.dumps(config))
    restored = load(tmp_path)
    assert isinstance(restored.inference, Mirror)
    assert torch.equal(restored.encode_means(x).codes, model.encode_means(x).codes)


@pytest.mark.parametrize("kind", SHARED, ids=str)
def test_one_net_learns_the_moments_of_the_whole_mixture(kind, x):
    model = small_model(kind).float()
    images = torch.rand(200, PIXELS)
    pretrain_moments(model, images, steps=600, batch_size=100, learning_rate=5e-3)
    model.eval()
    with torch.no_grad():
        mean, std = model.network.components(images)
        z = mean[:, 0] + std[:, 0] * torch.randn(500, 200, D)
    found = z.flatten(0, 1)
    torch.manual_seed(0)
    draws = model.prior.sample(200_000).detach()  # the prior's own moments, by samples
    torch.testing.assert_close(found.mean(0), draws.mean(0), atol=0.2, rtol=0)
    torch.testing.assert_close(found.T.cov(), draws.T.cov(), atol=0.7, rtol=0)


class Circle(Prior):
    """Points near three places of the unit circle: no density in the plane."""

    has_density = False

    def __init__(self):
        super().__init__(3, 2)
        self.register_buffer("angles", torch.tensor([0.0, 2.0, 4.0]))

    def sample_components(self, n):
        angles = self.angles + 0.3 * torch.randn(n, 3).to(self.angles)
        return torch.stack([angles.cos(), angles.sin()], dim=-1)

    def responsibilities(self, z):
        angles = torch.atan2(z[..., 1], z[..., 0]).unsqueeze(-1)
        return (4 * torch.cos(angles - self.angles)).softmax(-1)


def test_a_prior_without_a_density_has_responsibilities_too(x):
    network = small_model("responsibilities").network
    model = LatentMixtureModel((1, 3, 3), network, Circle().double(), "responsibilities")
    posterior = model.encode(x)
    torch.testing.assert_close(posterior.pi, Circle().double().responsibilities(posterior.z[:, 0]))
    losses = WAE(IMQMMD(on="joint"))(model, x)
    torch.autograd.backward(losses.total)
    with pytest.raises(TypeError, match="need a GaussianPrior, not Circle; use of: sample"):
        Responsibilities("expectation").check(Circle())


@pytest.mark.parametrize("kind", SHARED, ids=str)
def test_a_network_of_another_size_is_refused(kind, x):
    network = small_model("mirror").network
    model = LatentMixtureModel((1, 3, 3), network, PRIOR, kind).double()
    with pytest.raises(ValueError, match="component nets give 3: pass its spec"):
        model.encode(x)


def test_what_is_no_inference_is_refused():
    with pytest.raises(RegistryError, match="'sample', 'mean' or 'expectation', got 'mode'"):
        inferences.build({"name": "responsibilities", "of": "mode"})
    with pytest.raises(RegistryError, match="did you mean 'mirror'"):
        inferences.build("miror")


@by_kind
def test_training_lowers_the_loss_with_either_objective(kind):
    images = torch.rand(64, PIXELS, generator=torch.Generator().manual_seed(0))
    joint = {"name": "imq_mmd", "on": "joint"}
    for objective in ("vae", {"name": "wae", "weight": 10.0, "divergence": joint}):
        model = small_model(kind).float()
        history = fit(
            model, objective, images, steps=80, batch_size=32, learning_rate=5e-3, log_every=20
        )
        assert history.rows[-1]["reconstruction"] < history.rows[0]["reconstruction"]


class KeepsItsClassifier(Responsibilities):
    def network(self, make, n_components, dim):
        return make(n_components=1, dim=dim)


class WrongCodes(Responsibilities):
    def codes(self, prior, z, k):
        return z + k.unsqueeze(-1)


class DrawsAnyway(Responsibilities):
    def posterior(self, network, prior, x, draw=None):
        return super().posterior(network, prior, x)


@pytest.mark.parametrize(
    ("cls", "told"),
    [
        (KeepsItsClassifier, "no gradient reaches classifier"),
        (WrongCodes, "codes\\(\\) of component 1 are not"),
        (DrawsAnyway, "z is not what draw"),
    ],
)
def test_faulty_inferences_are_caught(cls, told):
    with pytest.raises(ConformanceError, match=told):
        check_inference(cls)


def test_the_interface_is_abstract():
    with pytest.raises(TypeError, match="abstract"):
        Inference()
