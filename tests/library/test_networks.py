"""What networks are made of, in every combination."""

import copy
import itertools

import pytest
import torch
from torch import nn

from otlvm import LatentMixtureModel, fit, load
from otlvm.networks import ComponentNets, inits
from otlvm.networks.std import STD_FLOOR, STDS
from otlvm.objectives import VAE
from otlvm.registry import RegistryError
from tests.small_networks import DIM, PRIOR, SHAPE, SMALL, K, build, images

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


@pytest.mark.parametrize("name", ["shared", "stacked"])
def test_nothing_is_normalised_by_default(name):
    network = build(name)
    assert all(isinstance(norm, nn.Identity) for norm in norms_of(network))


@pytest.mark.parametrize("init", [*inits, {"name": "truncated_normal", "std": 0.1}], ids=str)
@pytest.mark.parametrize("std", STDS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("name", SMALL)
def test_every_combination_trains_saves_and_loads(name, normalization, std, init, tmp_path):
    parts = [f"{part}_normalization" for part in ("classifier", "component", "decoder")]
    spec = {**SMALL[name], **dict.fromkeys(parts, normalization), "std": std, "init": init}
    torch.manual_seed(0)
    model = LatentMixtureModel(SHAPE, spec, PRIOR)
    assert isinstance(model.network.components.std, STDS[std])
    before = copy.deepcopy(model.state_dict())
    fit(model, VAE(), images(40), steps=3, batch_size=20)
    state = model.state_dict()
    assert all(torch.isfinite(value).all() for value in state.values())
    weights = [key for key in state if key.endswith("weight") and state[key].dim() > 1]
    assert not any(torch.equal(state[key], before[key]) for key in weights)
    model.eval().save(tmp_path / "model")
    restored = load(tmp_path / "model")
    torch.testing.assert_close(restored.state_dict(), state, rtol=0, atol=0)
    for mine, other in zip(
        model.network.encode(images()), restored.network.encode(images()), strict=True
    ):
        assert torch.equal(mine, other)
