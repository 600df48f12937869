"""Networks in bfloat16, and all else in float32."""

import math

import pytest
import torch
from torch import nn

from otlvm import LatentMixtureModel, fit
from otlvm.divergences import SampleDivergence, divergences
from otlvm.inference import inferences
from otlvm.objectives import VAE, WAE, Objective
from otlvm.training import Checkpoints, InterruptedTrainingError, Stop, precision
from otlvm.training.precision import Autocast, emulated, in_precision
from tests.small_networks import PRIOR, SHAPE, SMALL, images

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def with_instructions(monkeypatch):
    """Whatever processor the tests run on: values are the same, and speed is no matter here."""
    monkeypatch.setitem(precision._INSTRUCTIONS["bfloat16"], "cpu", lambda: True)


class Seen(SampleDivergence):
    """Notes what it is given; a divergence of means."""

    def __init__(self):
        super().__init__()
        self.types = set()

    def between(self, x, a, y, b):
        self.types |= {t.dtype for t in (x, a, y, b)}
        return (a @ x - b @ y).square().sum()


def build(name="mlp", inference="mirror"):
    torch.manual_seed(0)
    return LatentMixtureModel(SHAPE, SMALL[name], PRIOR, inference)


def train(model, objective=None, **options):
    """Train for a few steps, from the same seed each time."""
    torch.manual_seed(1)
    options = {"steps": 3, "batch_size": 20, "log_every": 1, "precision": "bfloat16", **options}
    return fit(model, objective or VAE(), images(60), **options)


@pytest.mark.parametrize("inference", [*inferences])
@pytest.mark.parametrize("name", SMALL)
def test_networks_are_in_bfloat16_and_all_else_is_in_float32(name, inference, monkeypatch):
    model, exact, within = build(name, inference), build(name, inference), set()
    for module in model.network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda module, given, out: within.add(out.dtype))
    optimizers = []
    make = torch.optim.Adam.__init__

    def noted(self, *arguments, **options):
        make(self, *arguments, **options)
        optimizers.append(self)

    monkeypatch.setattr(torch.optim.Adam, "__init__", noted)
    seen = Seen()
    found = train(model, WAE(seen, weight=1.0)).rows
    expected = train(exact, WAE(Seen(), weight=1.0), precision="float32").rows
    assert within == {torch.bfloat16}
    assert seen.types == {torch.float32}
    moments = [value for state in optimizers[0].state.values() for value in state.values()]
    gradients = [p.grad for p in model.network.parameters()]
    tensors = [*model.state_dict().values(), *gradients, *moments]
    assert moments
    assert {t.dtype for t in tensors if t.is_floating_point()} == {torch.float32}
    assert found[0]["loss"] == pytest.approx(expected[0]["loss"], rel=0.02)  # bfloat16 has 8 bits
    assert found != expected
    assert all(math.isfinite(value) for row in found for value in row.values())


@pytest.mark.parametrize("name", SMALL)
def test_gradients_point_where_those_of_float32_do(name):
    model, x = build(name), images()
    lower = in_precision(model.train(), "bfloat16")
    directions = []
    for seen in (model, lower):
        torch.manual_seed(1)
        model.zero_grad()
        VAE()(seen, x).total.backward()
        directions.append(torch.cat([p.grad.flatten() for p in model.network.parameters()]))
    assert torch.cosine_similarity(*directions, dim=0) > 0.99
    assert not torch.equal(*directions)


def test_a_map_is_computed_in_bfloat16():
    torch.manual_seed(0)
    layer, x = nn.Linear(7, 5), torch.randn(4, 7)
    low = [t.bfloat16() for t in (x, layer.weight, layer.bias)]
    exact = low[0].double() @ low[1].double().T + low[2].double()  # products of eight bits
    found = Autocast(layer)(x)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), exact, rtol=2**-8, atol=1e-3)
    assert torch.equal(found, found.bfloat16().float())


def test_statistics_of_batches_are_in_float32():
    """Means of a large batch that lie far from zero, and have more bits than bfloat16."""
    torch.manual_seed(0)
    model = build("paper_conv")
    network = in_precision(model.train(), "bfloat16").network
    given = []
    norm = next(m for m in model.network.decoder.modules() if isinstance(m, nn.BatchNorm2d))
    norm.momentum = 1.0
    norm.register_forward_pre_hook(lambda module, arguments: given.append(arguments[0]))
    network.decode(3 + torch.randn(500, PRIOR["dim"]))
    (x,) = given
    assert x.dtype == torch.bfloat16
    torch.testing.assert_close(norm.running_mean, x.float().mean((0, 2, 3)), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(norm.running_var, x.float().var((0, 2, 3)), rtol=1e-4, atol=1e-6)


def test_a_critic_is_in_float32():
    divergence = divergences.build({"name": "adversarial", "hidden": [8]})
    within = set()
    train(build(), WAE(divergence), steps=1)
    layers = divergence._critic.net
    for layer in layers:
        layer.register_forward_hook(lambda module, given, out: within.add(out.dtype))
    train(build(), WAE(divergence), steps=1)
    assert within == {torch.float32}
    assert {p.dtype for p in layers.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", ["mlp", "paper_conv"])
def test_runs_are_equal_to_the_bit_interrupted_or_not(name, tmp_path):
    whole, again, resumed = build(name), build(name), build(name)
    history = train(whole, WAE(Seen()), steps=6)
    assert train(again, WAE(Seen()), steps=6).rows == history.rows
    asked = iter([False, False, False, True])
    stopping = Checkpoints(tmp_path / "state", stop=lambda: next(asked))
    with pytest.raises(InterruptedTrainingError):
        train(build(name), WAE(Seen()), steps=6, checkpoints=stopping)
    going_on = Checkpoints(tmp_path / "state")
    assert train(resumed, WAE(Seen()), steps=6, checkpoints=going_on).rows == history.rows
    for other in (again, resumed):
        torch.testing.assert_close(other.state_dict(), whole.state_dict(), rtol=0, atol=0)


def test_rows_and_images_held_back_are_measured_in_float32():
    model, measured = build(), []

    def evaluate(trained):
        assert trained is model
        mean = trained.encode_means(images()).mean
        measured.append(torch.equal(mean, mean.bfloat16().float()))
        return {}

    class Types(Objective):
        """Notes in which precision networks are, in train mode and in eval mode."""

        found = {True: set(), False: set()}

        def forward(self, model, x):
            layer = next(m for m in model.network.decoder.modules() if isinstance(m, nn.Linear))
            note = self.found[self.training].add
            hook = layer.register_forward_hook(lambda module, given, out: note(out.dtype))
            losses = VAE()(model, x)
            hook.remove()
            return losses

    objective = Types()
    train(model, objective, evaluate=evaluate, stop=Stop(share=0.4))
    assert measured == [False] * 3
    assert objective.found == {True: {torch.bfloat16}, False: {torch.float32}}


def test_float32_is_the_model_itself():
    model = build()
    assert in_precision(model, "float32") is model
    assert emulated("float32", CPU) is None


def test_a_network_of_ones_own_keeps_its_methods_and_parts():
    class Doubled(type(build().network)):
        def decode(self, z):
            return 2 * super().decode(z)

    model = build()
    model.network.__class__ = Doubled
    lower = in_precision(model, "bfloat16")
    z = torch.randn(3, PRIOR["dim"])
    torch.testing.assert_close(lower.decode_logits(z), model.decode_logits(z), rtol=0.1, atol=0.1)
    assert list(model.state_dict()) == list(build().state_dict())  # it was left as it was


def test_other_precisions_and_models_are_refused():
    with pytest.raises(ValueError, match=r"mean 'bfloat16'\?\): say float32 or bfloat16"):
        train(build(), precision="bfloat")
    with pytest.raises(ValueError, match=r"for a float32 model, not float64: model.float\(\)"):
        train(build().double())


def test_a_processor_that_only_emulates_it_is_told_of_before_training(monkeypatch):
    monkeypatch.setitem(precision._INSTRUCTIONS["bfloat16"], "cpu", lambda: False)
    monkeypatch.setattr(VAE, "forward", None)  # no step is taken
    with pytest.warns(UserWarning, match="processor has no instructions"), pytest.raises(TypeError):
        train(build())


@pytest.mark.parametrize(
    ("machine", "avx512", "amx", "other", "expected"),
    [
        ("x86_64", True, False, False, True),
        ("AMD64", False, True, False, True),
        ("x86_64", False, False, True, False),  # oneDNN emulates it by AVX-512
        ("aarch64", True, True, True, True),
        ("aarch64", True, True, False, False),
    ],
)
def test_instructions_are_those_of_the_processor(
    monkeypatch, machine, avx512, amx, other, expected
):
    monkeypatch.setattr(precision.platform, "machine", lambda: machine)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: other)
    monkeypatch.setitem(precision._INSTRUCTIONS["bfloat16"], "cpu", precision._of_processor)
    assert (emulated("bfloat16", CPU) is None) is expected


def test_a_gpu_is_asked_for_its_own_instructions(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda **how: asked.append(how))
    assert "this GPU has no instructions" in emulated("bfloat16", torch.device("cuda"))
    assert asked == [{"including_emulation": False}]
