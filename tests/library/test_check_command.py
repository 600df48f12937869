"""`python -m otlvm.testing` checks a plug-in of any kind."""

import pytest

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


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere:Mine"], "cannot import 'nowhere' for 'nowhere:Mine': ModuleNotFoundError"),
        (["mine_of_few_words:Negativ"], "has no 'Negativ' (did you mean 'Negative'?)"),
        (["mine_of_few_words:table"], "dataset 'mine_of_few_words:table' needs rows: int"),
        (["mine_of_few_words:table", "rows=3", "columns=4"], "unknown parameter"),
        (["imq_mdm"], "unknown divergence 'imq_mdm' (did you mean 'imq_mmd'?)"),
    ],
)
def test_the_cause_is_told_once(tmp_path, capsys, monkeypatch, arguments, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_of_few_words.py").write_text(PLUGINS + TABLE)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(arguments) == 2
    shown = " ".join(capsys.readouterr().err.split())
    assert told in shown
    assert "as a prior" not in shown
    assert len(shown) < 400


def test_parameters_are_given_as_in_a_suite(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_with_rows.py").write_text(PLUGINS + TABLE)
    monkeypatch.syspath_prepend(tmp_path)
    assert main(["mine_with_rows:table", "rows=12"]) == 0, capsys.readouterr()
    assert main(["imq_mmd", "scales=[1e-1, 2]", "statistic=v"]) == 0
    with pytest.raises(SystemExit):
        main(["imq_mmd", "scales"])
    assert "'scales' is no parameter: write name=value" in capsys.readouterr().err


TABLE = """
def table(rows: int) -> Dataset:
    x = torch.rand(2 * rows, 16, generator=torch.Generator().manual_seed(0))
    return Dataset("mine", (1, 4, 4), x[:rows], None, x[rows:], None)
"""

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
