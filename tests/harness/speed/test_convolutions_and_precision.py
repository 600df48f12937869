"""What the decoder's convolutions take, and what bfloat16 gains: measured on small ones."""

import pytest
import torch
from rich.console import Console

from otlvm.harness.speed import convolutions, precision, ratios
from otlvm.training import precision as training_precision


@pytest.mark.parametrize("shape", [(2, 5, 3, 4), (1, 2, 1, 1)])
def test_a_sub_pixel_convolution_is_the_transposed_one(shape):
    torch.manual_seed(0)
    layer = torch.nn.ConvTranspose2d(shape[1], 3, 5, stride=2, padding=2, output_padding=1).double()
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    inputs = (x, layer.weight, layer.bias)
    found, expected = convolutions.sub_pixel(*inputs), layer(x)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)
    towards = torch.randn_like(expected)
    for one, other in zip(
        torch.autograd.grad(found, inputs, towards),
        torch.autograd.grad(expected, inputs, towards),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_each_pass_is_measured_beside_a_matrix_product(monkeypatch):
    monkeypatch.setattr(convolutions, "FILTERS", (2,))
    monkeypatch.setattr(convolutions, "CODES", 3)
    frame = convolutions.measure_convolutions(repetitions=1)
    layers = frame.groupby(["layer", "precision"])
    assert sorted(layers.groups) == [
        (layer, kind) for layer in ("4 to 2", "8 to 4") for kind in ("bfloat16", "float32")
    ]
    for _, rows in layers:
        found = rows.set_index("what")
        assert found.loc["matrix product", "share"] == 1
        work = found["ms"] * found["gflops"]
        assert work["whole backward"] == pytest.approx(2 * work["forward"])
        assert work["forward"] == pytest.approx(2e-6 * 3 * 25 * 49 * 8 * 4)  # the same in both


def test_steps_of_both_precisions_are_timed(monkeypatch):
    monkeypatch.setattr(precision, "BATCH", 4)
    monkeypatch.setattr(precision, "DECODER_FILTERS", 2)
    monkeypatch.setitem(training_precision._INSTRUCTIONS["bfloat16"], "cpu", lambda: True)
    threads = torch.get_num_threads()
    with ratios.one_thread():
        frame = ratios.measure(precision.precision_cases(), 1, Console())
    assert torch.get_num_threads() == threads
    assert list(frame["peer"]) == ["float32, exact", "float32, sum_and_sample"]
    assert (frame["threads"] == 1).all()
    assert (frame["ratio"] > 0).all()
