"""`python -m otlvm.testing` checks a plug-in of any kind."""

from otlvm.harness.registries import REGISTRIES
from otlvm.testing.__main__ import KINDS, main


def test_every_kind_is_checked_on_the_command_line(tmp_path, capsys, monkeypatch):
    """A name, or a function that says what it returns, is enough: the checks tell the rest."""
    monkeypatch.chdir(tmp_path)
    kinds = {kind.registry.kind for kind in KINDS}
    assert kinds == {registry.kind for registry in REGISTRIES}
    (tmp_path / "mine_of_every_kind.py").write_text(PLUGINS)
    monkeypatch.syspath_prepend(tmp_path)
    for key, told in (
        ("mine_of_every_kind:the_same_twice", "every held-out image is a training image too"),
        ("mine_of_every_kind:Negative", "standard deviations go down to -"),
        ("mine_of_every_kind:Labels", "[n, K], K shares of each image"),
        ("mine_of_every_kind:LeavesEval", "it leaves the model in eval mode"),
        ("mine_of_every_kind:Infinite", "fit_transform(x) is not finite"),
    ):
        assert main([key]) == 1
        assert told in " ".join(capsys.readouterr().out.split())
    assert main(["pixels"]) == 0
    assert "passed  vectors of one length" in capsys.readouterr().out
    assert main(["mine_of_every_kind:number"]) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "as an objective: it returns an int, not an Objective" in told


PLUGINS = """
import torch
from otlvm.baselines import Baseline
from otlvm.data import Dataset
from otlvm.features import Pixels
from otlvm.networks import MLP
from otlvm.starts import Start

def the_same_twice() -> Dataset:
    x = torch.arange(256.0).view(16, 16) / 255
    return Dataset("mine", (1, 4, 4), x, None, x, None)

def number() -> int:
    return 5

class Negative(MLP):
    def encode(self, x):
        logits, mean, std = super().encode(x)
        return logits, mean, -std

class Labels(Baseline):
    def fit(self, x, n_components):
        return torch.zeros(len(x))

    def assign(self, x):
        return torch.zeros(len(x))

class LeavesEval(Start):
    def prepare(self, model, x, batch_size):
        model.eval()

class Infinite(Pixels):
    def fit_transform(self, x):
        return x / 0
"""
