"""Which code decides a result, and its hash: what counts of ours, and a run's plug-ins."""

import hashlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import otlvm
from otlvm.harness.code.plugins import OWN, plugin_files, texts
from otlvm.harness.config import MEASURED, Config, get_field, saved_models, set_field
from otlvm.harness.job import START_FIELD
from otlvm.harness.registries import REGISTRIES

LIBRARY = Path(otlvm.__file__).parent
DECIDES = (
    "augmentations",
    "baselines",
    "data",
    "divergences",
    "evaluation",
    "expectations",
    "features",
    "inference",
    "likelihoods",
    "metrics",
    "networks",
    "objectives",
    "optimizers",
    "priors",
    "schedules",
    "starts",
    "training",
    "weights",
    "inputs.py",
    "latents.py",
    "registry.py",
    "scaling.py",
    "seeding.py",
    "sharing.py",
    "harness/worker/execute.py",
    "harness/worker/snapshots.py",
)
"""What of ours decides a result. Drawing, checking, storing and comparing do not."""


def code_identities(configs: Iterable[Config], folder: str | Path = "") -> list[str]:
    """Hash the code that decides each result: ours, and the plug-ins that its config names.

    The content of saved models that it starts from counts as code does. What is measured of a
    trained model decides no result, and neither does the label of a row that another starts from,
    which may look like a plug-in's name.

    Args:
        configs: The configs.
        folder: Where relative paths of saved models start; default: the working directory.
    """
    place = Path(folder)
    installed = _installed()
    hash_of = cache(plugin_hash)

    @cache
    def identity(modules: frozenset[str]) -> str:
        plugins = "".join(f"{name}\0{hash_of(name)}\0" for name in sorted(modules))
        return hashlib.sha256(f"{library_hash()}\0{plugins}".encode()).hexdigest()

    return [
        identity(frozenset(_modules(_deciding(config), installed))) + _models_hash(config, place)
        for config in configs
    ]


def plugin_modules(config: Config) -> list[str]:
    """Return the modules of all plug-ins that a run uses, those that measure too."""
    there = {**_deciding(config), MEASURED: config.get(MEASURED, ())}
    return sorted({*_modules(there, _installed())})


def _models_hash(config: Config, start: Path) -> str:
    """Hash the saved models that a run starts from; empty for most."""
    digest, found = hashlib.sha256(), False
    for _, named in saved_models(get_field(config, "train.start")):
        folder = start / Path(named).expanduser()
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(f"\0{file.relative_to(folder).as_posix()}\0".encode())
            digest.update(file.read_bytes())
        found = True
    return digest.hexdigest() if found else ""


def library_files() -> list[Path]:
    """Return the files of ours that decide results."""
    places = [LIBRARY / name for name in DECIDES]
    return [file for place in places for file in (sorted(place.rglob("*.py")) or [place])]


def _deciding(config: Config) -> Config:
    """Return what of a config may name a plug-in that decides its result."""
    decides = {key: value for key, value in config.items() if key != MEASURED}
    trained = get_field(config, "train.start.name") == "trained"
    return set_field(decides, START_FIELD, "") if trained else decides


def plugins_hash(spec: Any) -> str:
    """Hash the plug-ins that a spec names; empty if it names none."""
    hashes = [plugin_hash(name) for name in sorted({*_modules(spec, _installed())})]
    return hashlib.sha256("\0".join(hashes).encode()).hexdigest() if hashes else ""


def _installed() -> Mapping[str, str]:
    """Return the module of each installed plug-in, by its name."""
    return _installed_on(tuple(sys.path))


@cache
def _installed_on(search_path: tuple[str, ...]) -> Mapping[str, str]:
    """Return the same for a search path: to look through all that is installed takes time."""
    every = entry_points()
    return {
        name: point.value.partition(":")[0]
        for registry in REGISTRIES
        for name, point in registry.plugins(every).items()
    }


def _modules(value: Any, installed: Mapping[str, str]) -> Iterator[str]:
    """Yield the modules of the plug-ins that are named anywhere in a value."""
    for text in texts(value):
        if text in installed:
            yield installed[text]
        elif found := OWN.fullmatch(text):
            yield found[1]


@cache
def library_hash() -> str:
    """Hash what of our own code decides results."""
    return _hash(LIBRARY, library_files())


def plugin_hash(module: str) -> str:
    """Hash a plug-in's module and all that it imports of the user's, or its distribution."""
    version, files = plugin_files(module)
    digest = hashlib.sha256(version.encode())
    for name, path in files:
        digest.update(f"\0{name}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def _hash(root: Path, files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"\0{file.relative_to(root).as_posix()}\0".encode() + file.read_bytes())
    return digest.hexdigest()
