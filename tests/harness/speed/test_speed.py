import sys
import time
from importlib.metadata import version

import pytest
import torch
from rich.console import Console

from otlvm.divergences import IMQMMD, PAPER_SCALES
from otlvm.harness.commands.speed import main
from otlvm.harness.speed import divergences as speed_divergences
from otlvm.harness.speed import growth, ratios, training
from otlvm.harness.speed.clustpy import clustpy_dec, clustpy_vade
from otlvm.harness.speed.epochs import silent
from otlvm.harness.speed.peers import (
    as_torchs,
    plain_imq_mmd,
    pythae_mmd,
    pythae_trainer,
    pythae_vae,
    pythae_wae,
)
from otlvm.latents import MixturePosterior
from otlvm.networks import LatentMixtureModel, networks
from otlvm.networks.paper_conv import ToImages
from otlvm.networks.products import Linear
from otlvm.objectives import objectives
from otlvm.priors import GaussianMixture


class Drawn(GaussianMixture):
    """Draws the same samples every time."""

    def sample_components(self, n):
        torch.manual_seed(5)
        return super().sample_components(n)


@pytest.fixture
def codes():
    torch.manual_seed(0)
    prior = Drawn(components=3, dim=2).double()
    z = (prior.sample_components(12) + 0.5).requires_grad_()
    return prior, z, torch.randn(12, 3).double().requires_grad_()


def test_the_plain_algorithm_computes_what_ours_computes(codes):
    prior, z, logits = codes
    ours = IMQMMD(prior="sampled")(MixturePosterior(logits, z, z, z), prior)
    plain = plain_imq_mmd(z, logits.softmax(1), prior.sample_components(12))
    torch.testing.assert_close(ours, plain)
    inputs = (z, logits)
    for found, expected in zip(
        torch.autograd.grad(ours, inputs), torch.autograd.grad(plain, inputs), strict=True
    ):
        torch.testing.assert_close(found, expected)


def test_the_matrix_form_is_a_v_statistic(codes):
    prior, z, logits = codes

    def kernel(p, q):  # as pythae's, which the tests do not install
        squared = (p[:, None] - q).square().sum(-1)
        return sum(c / (c + squared) for c in PAPER_SCALES)

    divergence = IMQMMD(prior="sampled", statistic="v")
    posterior = MixturePosterior(logits, z, z, z)
    y = prior.sample_components(12).flatten(0, 1)
    found = pythae_mmd(kernel, *posterior.cloud(), y)
    torch.testing.assert_close(found, divergence(posterior, prior))


def test_single_precision_is_as_good_as_the_plain_algorithms(codes):
    prior, z, logits = codes
    exact = IMQMMD(prior="sampled")(MixturePosterior(logits, z, z, z), prior)
    low = [t.detach().float() for t in (z, logits)]
    samples = prior.sample_components(12)

    class Given(Drawn):
        def sample_components(self, n):
            return samples.float()

    ours = IMQMMD(prior="sampled")(
        MixturePosterior(low[1], low[0], low[0], low[0]), Given(components=3, dim=2)
    )
    plain = plain_imq_mmd(low[0], low[1].softmax(1), samples.float())
    error, plain_error = (abs(float(value) - float(exact.detach())) for value in (ours, plain))
    assert error <= max(plain_error, 5e-6)


def test_medians_are_of_interleaved_calls():
    order = []
    calls = (lambda: order.append("a"), lambda: (order.append("b"), time.sleep(0.01)))
    ours, peer = ratios.interleaved_medians(calls, repetitions=3)
    assert order == ["a", "b"] * 4  # the first of each warms up
    assert peer > 0.01 > ours


def test_command_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(speed_divergences, "POINTS", 8)
    monkeypatch.setattr(training, "BATCH", 8)
    for peer in ("pythae", "clustpy"):
        monkeypatch.setitem(sys.modules, peer, None)
    assert main(["--quick", "--out", str(tmp_path)]) == 0
    lines = (tmp_path / "ratios.csv").read_text().splitlines()
    assert lines[0] == "what,ours,peer,ours_ms,peer_ms,ratio,target,threads"
    assert len(lines) >= 9
    shown = " ".join(capsys.readouterr().out.split())
    assert "GM-WAE" in shown
    assert "ratio" in shown
    assert "pythae is not installed" in shown
    assert "clustpy is not installed" in shown
    assert f"- torch: {version('torch')}" in (tmp_path / "card.md").read_text()


def test_growth_is_measured_and_drawn(tmp_path, monkeypatch):
    assert growth.cost("joint", 8, 2, 1)[0] > 0
    monkeypatch.delitem(growth.NAMES, "joint")
    sweeps = {"points": (600,), "components": (2,)}  # a process for each and each way
    frame = growth.grow(Console(), sweeps)
    plain = frame[frame["way"].str.contains("plainly")]
    assert list(plain["points"]) == [128]  # 600 points would need gigabytes
    assert (frame["ms"] > 0).all()
    growth.draw_growth(frame, tmp_path / "growth.png")
    assert (tmp_path / "growth.png").stat().st_size > 10_000


def test_peers_decode_the_same_in_their_own_memory_layout():
    network = networks.build(
        {"name": "paper_conv", "decoder_filters": 4, "encoder_filters": 4},
        image_shape=(1, 8, 8), n_components=1, dim=2,
    )  # fmt: skip
    z = torch.randn(5, 2)
    expected = network.decoder(z)
    torch.testing.assert_close(as_torchs(network.decoder)(z), expected)
    assert not any(isinstance(module, ToImages | Linear) for module in network.decoder.modules())


@pytest.mark.parametrize("components", [1, 3])
def test_peers_encode_the_same_by_torchs_products(components):
    sizes = {"image_shape": (1, 4, 4), "n_components": components, "dim": 2}
    network = networks.build({"name": "mlp", "hidden": [8]}, **sizes).eval()
    x = torch.rand(7, 16)
    expected = network.encode(x)
    as_torchs(network)
    assert {type(m).__module__ for m in network.modules() if type(m).__name__ == "Linear"} == {
        "torch.nn.modules.linear"
    }
    for found, value in zip(network.encode(x), expected, strict=True):
        torch.testing.assert_close(found, value)


@pytest.mark.parametrize("of", [lambda model: pythae_wae(model, 500.0), pythae_vae])
def test_an_epoch_of_pythaes_trainer_trains_the_given_networks(of, tmp_path):
    pytest.importorskip("pythae")
    model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, "standard_normal")
    before = [p.clone() for p in model.network.decoder.parameters()]
    trainer = pythae_trainer(of(model), torch.rand(32, 16), 16, str(tmp_path))
    trainer.train_step(1)
    after = model.network.decoder.parameters()
    assert not all(torch.equal(p, q) for p, q in zip(before, after, strict=True))


def test_pythaes_vae_has_our_loss():
    pytest.importorskip("pythae")
    model = LatentMixtureModel((1, 4, 4), {"name": "mlp", "hidden": [8]}, "standard_normal")
    x = torch.rand(8, 16)
    model.eval()
    peer = pythae_vae(model).eval()
    torch.manual_seed(1)
    ours = objectives.build("vae")(model, x).total
    torch.manual_seed(1)
    torch.testing.assert_close(peer({"data": x}).loss, ours)


@pytest.mark.parametrize(
    "loop",
    [lambda x: clustpy_vade(x, [16, 8, 2], 3, 16), lambda x: clustpy_dec(x, [16, 8, 2], 3, 16, 1)],
)
def test_an_epoch_of_clustpy_trains(loop, monkeypatch):
    pytest.importorskip("clustpy")
    taken = []
    for optimizer in (torch.optim.Adam, torch.optim.SGD):
        step = optimizer.step
        monkeypatch.setattr(
            optimizer, "step", lambda self, step=step: (taken.append(1), step(self))
        )
    silent(loop(torch.rand(32, 16)))()
    assert len(taken) == 2


def test_the_price_of_a_queue_is_measured(monkeypatch):
    from otlvm.harness.speed import queues

    monkeypatch.setattr(queues, "REPETITIONS", 20)
    monkeypatch.setattr(queues, "LENGTHS", (1, 50))
    frame = queues.measure_queues()
    assert list(frame["statistic"]) == ["u", "cross", "cross"]
    assert frame["queue"].tolist()[1:] == [1, 50]
    unbiased, short, long = frame["ms"]
    assert long > 2 * short  # fifty times the pairs
    assert 0 < frame["sd"][0] < frame["sd"][1]
    assert unbiased > 0
