"""What networks are made of: normalisation, sigma, sizes."""

import itertools

import pytest
import torch
from torch import nn

from otlvm import LatentMixtureModel, fit, load
from otlvm.networks import ComponentLinear, ComponentNets, networks
from otlvm.networks.std import STD_FLOOR, STDS
from otlvm.objectives import VAE
from otlvm.registry import RegistryError
from otlvm.starts import starts

SHAPE = (1, 6, 6)
K, DIM = 3, 2
PRIOR = {"name": "gaussian_mixture", "components": K, "dim": DIM}
SMALL = {
    "mlp": {"name": "mlp", "hidden": [7, 5], "component_hidden": [4]},
    "conv_mlp": {"name": "conv_mlp", "encoder_filters": 4, "hidden": [5], "component_hidden": [4]},
    "paper_conv": {"name": "paper_conv", "encoder_filters": 4, "decoder_filters": 2,
                   "component_hidden": [4]},
}  # fmt: skip
NORMALIZATIONS = ["batch", "layer", "none"]
NORMS = {
    "batch": (nn.BatchNorm1d, nn.BatchNorm2d),
    "layer": (nn.LayerNorm, nn.GroupNorm),
    "none": (nn.Identity,),
}
KEPT = {  # as saved models of 2026 have them
    "mlp": [
        "classifier.0.weight", "classifier.1.weight", "classifier.3.weight", "classifier.4.weight",
        "classifier.6.weight", "components.layers.0.weight", "components.norms.0.weight",
        "components.output.weight", "decoder.0.weight", "decoder.1.weight", "decoder.3.weight",
        "decoder.4.weight", "decoder.6.weight",
    ],
    "conv_mlp": [
        "classifier.1.weight", "classifier.2.weight", "classifier.4.weight", "classifier.5.weight",
        "classifier.7.weight", "classifier.8.weight", "classifier.11.weight",
        "components.layers.0.weight", "components.norms.0.weight", "components.output.weight",
        "decoder.0.weight", "decoder.1.weight", "decoder.3.weight",
    ],
    "paper_conv": [
        "classifier.1.weight", "classifier.2.weight", "classifier.4.weight", "classifier.5.weight",
        "classifier.7.weight", "classifier.8.weight", "classifier.11.weight",
        "components.layers.0.weight", "components.norms.0.weight", "components.output.weight",
        "decoder.0.weight", "decoder.2.weight", "decoder.4.weight", "decoder.5.weight",
        "decoder.7.weight", "decoder.8.weight", "decoder.10.weight",
    ],
}  # fmt: skip


def build(name, **parameters):
    torch.manual_seed(0)
    context = {"image_shape": SHAPE, "n_components": K, "dim": DIM}
    return networks.build({**SMALL[name], **parameters}, **context)


def images(n=20, dtype=torch.float32):
    return torch.rand(n, 36, generator=torch.Generator().manual_seed(1)).to(dtype)


def norms_of(part):
    kinds = tuple(itertools.chain(*NORMS.values()))
    return [module for module in part.modules() if isinstance(module, kinds)]


@pytest.mark.parametrize("name", KEPT)
def test_state_dicts_keep_their_names(name):
    state = build(name).state_dict()
    assert [key for key in state if key.endswith("weight")] == KEPT[name]


@pytest.mark.parametrize("name", KEPT)
def test_old_models_are_normalised_as_before(name):
    network = build(name)
    first = "layer" if name == "mlp" else "batch"
    parts = (network.classifier, network.components, network.decoder)
    for part, normalization in zip(parts, (first, "batch", "batch"), strict=True):
        assert norms_of(part)
        assert all(isinstance(norm, NORMS[normalization]) for norm in norms_of(part))
    assert isinstance(network.components.std, STDS["softplus"])


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("part", ["classifier", "component", "decoder"])
@pytest.mark.parametrize("name", SMALL)
def test_each_part_is_normalised_as_asked_trains_saves_and_loads(
    name, part, normalization, tmp_path
):
    torch.manual_seed(0)
    spec = {**SMALL[name], f"{part}_normalization": normalization}
    model = LatentMixtureModel(SHAPE, spec, PRIOR)
    usual = build(name)
    for each in ("classifier", "components", "decoder"):
        kinds = [type(norm) for norm in norms_of(getattr(model.network, each))]
        expected = [type(norm) for norm in norms_of(getattr(usual, each))]
        if each.startswith(part):
            assert len(kinds) == len(expected)
            assert all(issubclass(kind, NORMS[normalization]) for kind in kinds)
        else:
            assert kinds == expected
    before = {key: value.clone() for key, value in model.state_dict().items()}
    fit(model, VAE(), images(40), steps=3, batch_size=20)
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())
    for each in ("classifier", "components", "decoder"):
        keys = [key for key in before if key.startswith(f"network.{each}")]
        assert any(not torch.equal(before[key], model.state_dict()[key]) for key in keys)
    model.eval().save(tmp_path / "model")
    restored = load(tmp_path / "model")
    for mine, other in zip(
        model.network.encode(images()), restored.network.encode(images()), strict=True
    ):
        assert torch.equal(mine, other)


def test_unknown_normalisations_are_refused_by_name():
    with pytest.raises(RegistryError, match="'batch', 'layer' or 'none'") as error:
        build("mlp", decoder_normalization="group")
    assert error.value.path == ("decoder_normalization",)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_component_nets_are_a_loop_over_single_nets(normalization):
    """K nets of Linear, norm and ReLU, with the same weights, give the same to 1e-12."""
    torch.manual_seed(0)
    nets = ComponentNets(36, K, DIM, (5, 4), normalization).double()
    for norm in nets.norms:
        for parameter in norm.parameters():
            nn.init.normal_(parameter)
    single = {"batch": nn.BatchNorm1d, "layer": nn.LayerNorm, "none": nn.Identity}[normalization]
    x = images(dtype=torch.float64)
    mean, std = nets(x)
    for k in range(K):
        layers = []
        for layer, norm in zip(nets.layers, nets.norms, strict=True):
            _, width_in, width_out = layer.weight.shape
            own = single(width_out)
            for name, parameter in own.named_parameters():
                parameter.data = getattr(norm, name).data.view(K, -1)[k]
            layers += [as_linear(layer, k, width_in, width_out), own, nn.ReLU()]
        layers.append(as_linear(nets.output, k, 4, 2 * DIM))
        expected, raw = nn.Sequential(*layers).double()(x).chunk(2, dim=1)
        torch.testing.assert_close(mean[:, k], expected, rtol=0, atol=1e-12)
        expected_std = nn.functional.softplus(raw) + STD_FLOOR
        torch.testing.assert_close(std[:, k], expected_std, rtol=0, atol=1e-12)


def as_linear(layer, k, width_in, width_out):
    linear = nn.Linear(width_in, width_out)
    linear.weight.data, linear.bias.data = layer.weight.data[k].T, layer.bias.data[k]
    return linear


@pytest.mark.parametrize("first", [None, *NORMALIZATIONS])
@pytest.mark.parametrize("others", NORMALIZATIONS)
def test_the_decoder_s_linear_layer_is_normalised_as_asked(first, others):
    network = build("paper_conv", decoder_normalization=others, decoder_linear_normalization=first)
    one, two, three = norms_of(network.decoder)
    assert isinstance(one, NORMS[first or others])
    assert isinstance(two, NORMS[others])
    assert isinstance(three, NORMS[others])
    assert network.decode(torch.randn(4, DIM)).shape == (4, 36)


def test_the_paper_s_code_of_2018():
    """Classifier 16-32-64, decoder 64-32-16-1, no norm after its linear layer; sizes by hand."""
    parameters = {"encoder_filters": 64, "decoder_filters": 16, "component_hidden": [16, 16],
                  "decoder_linear_normalization": "none", "std": "softplus_variance"}  # fmt: skip
    context = {"image_shape": (1, 28, 28), "n_components": 10, "dim": 9}
    network = networks.build({"name": "paper_conv", **parameters}, **context)
    assert count(network.classifier) == (
        (25 * 1 * 16 + 16) + 2 * 16 + (25 * 16 * 32 + 32) + 2 * 32 + (25 * 32 * 64 + 64) + 2 * 64
        + (64 * 4 * 4 * 10 + 10)
    )  # fmt: skip
    one = (784 * 16 + 16) + 2 * 16 + (16 * 16 + 16) + 2 * 16 + (16 * 18 + 18)
    assert count(network.components) == 10 * one
    assert count(network.decoder) == (
        (9 * 64 * 7 * 7 + 64 * 7 * 7) + (25 * 64 * 32 + 32) + 2 * 32
        + (25 * 32 * 16 + 16) + 2 * 16 + (16 + 1)
    )  # fmt: skip


def count(part):
    return sum(parameter.numel() for parameter in part.parameters())


VARIANCES = {
    "softplus": lambda raw: nn.functional.softplus(raw).square(),
    "softplus_variance": nn.functional.softplus,
    "exp_variance": torch.exp,
}


@pytest.mark.parametrize("std", STDS)
class TestStd:
    def test_values(self, std):
        raw = torch.linspace(-8, 30, 50, dtype=torch.float64)
        variance = STDS[std]()(raw).square()
        torch.testing.assert_close(variance, VARIANCES[std](raw), rtol=1e-2, atol=1e-8)
        middle = raw > -2
        torch.testing.assert_close(variance[middle], VARIANCES[std](raw)[middle], rtol=2e-5, atol=0)

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_the_inverse_inverts(self, std, dtype):
        form = STDS[std]()
        wanted = torch.logspace(-2, 4, 60, dtype=dtype)
        raw = form.inverse(wanted)
        assert torch.isfinite(raw).all()
        torch.testing.assert_close(form(raw), wanted, rtol=1e-4, atol=0)

    def test_far_out_it_is_the_floor_with_a_finite_gradient(self, std):
        raw = torch.tensor([-1e4, -200.0, -100.0, -30.0, 50.0], requires_grad=True)
        values = STDS[std]()(raw)
        assert (values >= STD_FLOOR).all()
        values.sum().backward()
        assert torch.isfinite(raw.grad).all()

    @pytest.mark.parametrize("scale", [0.01, 1.0, 200.0])
    def test_starting_at_the_prior_gives_its_std(self, std, scale):
        prior = {**PRIOR, "sigma": scale}
        model = LatentMixtureModel(SHAPE, {**SMALL["mlp"], "std": std}, prior)
        starts.build("prior").prepare(model, images(), 20)
        posterior = model.encode(images())
        torch.testing.assert_close(
            posterior.std, torch.full_like(posterior.std, scale), rtol=1e-3, atol=0
        )


@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("name", SMALL)
def test_every_network_takes_every_std_trains_saves_and_loads(name, std, tmp_path):
    torch.manual_seed(0)
    model = LatentMixtureModel(SHAPE, {**SMALL[name], "std": std}, PRIOR)
    assert isinstance(model.network.components.std, STDS[std])
    fit(model, VAE(), images(40), steps=3, batch_size=20)
    model.eval().save(tmp_path / "model")
    restored = load(tmp_path / "model")
    assert torch.equal(model.network.encode(images())[2], restored.network.encode(images())[2])


INITS = ["pytorch", "glorot", {"name": "truncated_normal", "std": 0.01}]


@pytest.mark.parametrize("init", INITS, ids=str)
@pytest.mark.parametrize("name", SMALL)
def test_every_network_takes_every_init_trains_saves_and_loads(name, init, tmp_path):
    torch.manual_seed(0)
    model = LatentMixtureModel(SHAPE, {**SMALL[name], "init": init}, PRIOR)
    fit(model, VAE(), images(40), steps=3, batch_size=20)
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())
    model.eval().save(tmp_path / "model")
    restored = load(tmp_path / "model")
    torch.testing.assert_close(restored.state_dict(), model.state_dict(), rtol=0, atol=0)


def layers_of(network):
    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d, ComponentLinear)
    return [module for module in network.modules() if isinstance(module, kinds)]


@pytest.mark.parametrize("name", SMALL)
def test_the_default_init_is_pytorch_s(name):
    for one, two in zip(
        build(name).parameters(), build(name, init="pytorch").parameters(), strict=True
    ):
        assert torch.equal(one, two)


@pytest.mark.parametrize("name", SMALL)
def test_truncated_normal_weights(name):
    """The std of a normal cut at 2 is .8796 of it; no weight lies beyond 2, biases are 0."""
    parameters = {"component_hidden": [64]}
    network = build(name, **parameters, init={"name": "truncated_normal", "std": 0.5})
    for layer in layers_of(network):
        assert layer.weight.abs().max() <= 1.0
        assert not layer.bias.any()
    (weights,) = [
        layer.weight.detach() for layer in layers_of(network) if layer.weight.shape == (K, 36, 64)
    ]
    assert float(weights.std()) == pytest.approx(0.5 * 0.8796, rel=0.05)
    assert float(weights.mean()) == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("name", SMALL)
def test_glorot_weights_reach_their_bound_and_no_further(name):
    """sqrt(6 / (inputs + outputs)), of each component net by itself and with a kernel's places."""
    for layer in layers_of(build(name, component_hidden=[64], init="glorot")):
        shape = layer.weight.shape[1:] if isinstance(layer, ComponentLinear) else layer.weight.shape
        places = shape[2] * shape[3] if len(shape) == 4 else 1
        bound = (6 / ((shape[0] + shape[1]) * places)) ** 0.5
        assert layer.weight.abs().max() <= bound
        if layer.weight.numel() > 500:
            assert layer.weight.abs().max() > 0.97 * bound
        assert not layer.bias.any()


def test_bad_inits_are_refused():
    with pytest.raises(RegistryError, match="must be positive") as error:
        build("mlp", init={"name": "truncated_normal", "std": 0.0})
    assert error.value.path == ("init",)
