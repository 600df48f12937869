"""The suites to copy from: each row trains for a few steps, on few small images."""

import functools
import re

import pytest

from otlvm.data import Dataset, digits
from otlvm.harness.config import set_field
from otlvm.harness.suite.load import SUITES, load_suite
from otlvm.harness.worker.execute import execute
from otlvm.harness.worker.shelf import DiskShelf
from otlvm.training import Checkpoints

METHODS = sorted((SUITES / "methods").glob("*.yaml"))
SMALL = {"steps": 3, "batch_size": 20, "eval_every": 2, "n_init": 1, "update_every": 2}
NARROW = {"hidden": [12], "component_hidden": [8]}


@functools.cache
def data():
    whole = digits()
    return Dataset("few", whole.image_shape, whole.x_train[:60], whole.y_train[:60],
                   whole.x_test[:30], whole.y_test[:30])  # fmt: skip


def shrunk(config):
    """The same config with few steps, small batches, narrow layers; codes instead of their UMAP."""
    if not isinstance(config, dict):
        return config
    if config.get("name") == "umap":
        return shrunk(config.get("of", {"name": "pixels"}))
    small = {key: SMALL[key] for key in SMALL if config.get(key)}
    narrow = {key: NARROW[key] for key in NARROW if key in config}
    if config.get("name") in ("stacked", "shared", "mlp"):
        narrow["hidden"] = NARROW["hidden"]
    return {**{key: shrunk(value) for key, value in config.items()}, **small, **narrow}


def rows(path):
    return {run.label: run.config for run in load_suite(path, {"seeds": [0]}).runs}


@pytest.mark.parametrize("path", METHODS, ids=lambda path: path.stem)
def test_each_method_runs(path, monkeypatch, tmp_path):
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 20)
    for index, (label, config) in enumerate(rows(path).items()):
        result = execute(shrunk(config), 0, data(), Checkpoints(tmp_path / f"{index}"))
        assert result.status == "done", f"{label}: {result.reason}\n{result.details}"
        most = config["model"]["prior"]["components"]
        assert 1 <= result.metrics["components_used"] <= most + 0.001
        assert not result.metrics_failed


@pytest.mark.parametrize("suite", ["field", "reproductions"])
def test_the_field_runs_in_one_folder(suite, monkeypatch, tmp_path):
    """Rows that share an autoencoder or a clustering find it on one shelf."""
    monkeypatch.setattr("otlvm.evaluation.latent.CODES", 20)
    shelf = DiskShelf(tmp_path / "shared", "")
    for index, (label, config) in enumerate(rows(SUITES / f"{suite}.yaml").items()):
        small = set_field(shrunk(config), "train.precision", "float32")
        result = execute(small, 0, data(), Checkpoints(tmp_path / f"{index}"), None, shelf)
        assert result.status == "done", f"{label}: {result.reason}\n{result.details}"


@pytest.mark.parametrize("path", METHODS, ids=lambda path: path.stem)
def test_each_says_its_source(path):
    header = path.read_text().partition("\nname:")[0]
    assert all(line.startswith("# ") for line in header.splitlines())
    assert re.search(r"\(\d{4}\)|github\.com", header)
