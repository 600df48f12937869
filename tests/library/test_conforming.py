"""All that we ship passes the checks that plug-ins are asked to pass."""

from functools import partial

import numpy as np
import pytest
from PIL import Image

from otlvm.augmentations import augmentations
from otlvm.baselines import baselines
from otlvm.data import datasets
from otlvm.expectations import expectations
from otlvm.features import features
from otlvm.networks import networks
from otlvm.optimizers import optimizers
from otlvm.schedules import schedules
from otlvm.starts import starts
from otlvm.testing import (
    check_augmentation,
    check_baseline,
    check_dataset,
    check_expectation,
    check_feature,
    check_network,
    check_optimizer,
    check_schedule,
    check_start,
    check_weight,
    small_model,
)
from otlvm.weights import weights

NETWORKS = {
    "conv_mlp": {"encoder_filters": 4, "hidden": [16]},
    "mlp": {"hidden": [16], "component_hidden": [8]},
    "paper_conv": {"encoder_filters": 4, "decoder_filters": 2},
}
MOMENTS = {"name": "moments", "steps": 3}
STARTS = {
    "autoencoder": {"steps": 3, "n_init": 1},
    "distill": {"clustering": "kmeans", "steps": 3, "then": MOMENTS},
    "moments": {"steps": 3},
    "restarts": {"objective": "vae", "of": MOMENTS, "tries": 2, "steps": 3},
    "trained": {"run": "model"},
}
FEATURES = {
    "autoencoder": {"dim": 2, "hidden": [8], "steps": 5},
    "umap": {"dim": 2, "neighbors": 5},
}
SMALL_AUTOENCODER = {"name": "autoencoder", **FEATURES["autoencoder"]}
BASELINES = {
    name: {"features": SMALL_AUTOENCODER, "steps": 4, "update_every": 2} for name in ("dec", "idec")
}
MADE = {
    "mnist": "MNIST",
    "fashion_mnist": "FashionMNIST",
    "kmnist": "KMNIST",
}

WEIGHTS = {"fixed": {"value": 3.0}, "linear": {"start": 9.0, "end": 1.0, "steps": 3}}
SCHEDULES = {"step": {"every": 30}, "plateau": {"patience": 1}}

BUILT_INS = [
    *((check_augmentation, augmentations, name, {}) for name in augmentations),
    *((check_expectation, expectations, name, {}) for name in expectations),
    *((check_weight, weights, name, WEIGHTS.get(name, {})) for name in weights),
    *((check_optimizer, optimizers, name, {}) for name in optimizers),
    *((check_schedule, schedules, name, SCHEDULES.get(name, {})) for name in schedules),
    *((check_network, networks, name, NETWORKS.get(name, {})) for name in networks),
    *((check_start, starts, name, STARTS.get(name, {})) for name in starts),
    (check_start, starts, "distill", {**STARTS["distill"], "hold": True}),
    *((check_baseline, baselines, name, BASELINES.get(name, {})) for name in baselines),
    *((check_feature, features, name, FEATURES.get(name, {})) for name in features),
]
BUILT_INS += [
    (
        check_baseline,
        baselines,
        name,
        {"features": SMALL_AUTOENCODER},
    )
    for name in baselines
    if name not in BASELINES
]


@pytest.mark.filterwarnings("ignore:.*distinct clusters:Warning")
@pytest.mark.parametrize(("check", "registry", "name", "options"), BUILT_INS)
def test_our_parts_conform(check, registry, name, options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name == "trained":
        small_model().save("model")
    check(partial(registry.build, {"name": name, **options}))


def npz(folder, _write):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (30, 5, 4), dtype=np.uint8), np.arange(30) % 3
    np.savez(folder / "a.npz", x_train=x[:20], y_train=y[:20], x_test=x[20:], y_test=y[20:])
    return {"path": str(folder / "a.npz")}


def image_folder(folder, _write):
    rng = np.random.default_rng(0)
    for part, kind, i in np.ndindex(2, 2, 4):
        place = folder / ("train", "test")[part] / ("cat", "dog")[kind]
        place.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (5, 4), dtype=np.uint8)
        Image.fromarray(pixels).save(place / f"{i}.png")
    return {"path": str(folder), "size": 4}


def hf_disk(folder, _write):
    from datasets import Dataset, DatasetDict

    rng = np.random.default_rng(0)
    images = [Image.fromarray(rng.integers(0, 256, (5, 4), dtype=np.uint8)) for _ in range(12)]
    rows = {"image": images, "label": [i % 2 for i in range(12)]}
    parts = {
        "train": Dataset.from_dict({name: column[:8] for name, column in rows.items()}),
        "test": Dataset.from_dict({name: column[8:] for name, column in rows.items()}),
    }
    DatasetDict(parts).save_to_disk(str(folder))
    return {"path": str(folder)}


def published(folder, write, name):
    write(folder, name)
    return {"root": str(folder)}


def nothing(_folder, _write):
    return {}


DATA = {
    "digits": nothing,
    "mnist_5k": nothing,
    "npz": npz,
    "image_folder": image_folder,
    "hf_disk": hf_disk,
    **{name: partial(published, name=folder) for name, folder in MADE.items()},
}


@pytest.mark.parametrize("name", sorted({*datasets} - {"openml"}))  # test_openml has a service
def test_our_data_conform(name, tmp_path, write_mnist):
    options = DATA[name](tmp_path, write_mnist)
    check_dataset(partial(datasets.build, {"name": name, **options}))
