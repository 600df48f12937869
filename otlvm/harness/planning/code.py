"""Which code decides a result, and its hash: what counts of ours, and a run's plug-ins."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import otlvm
from otlvm.harness.config import MEASURED, Config
from otlvm.harness.planning.plugin_code import plugin_files
from otlvm.harness.registries import REGISTRIES

LIBRARY = Path(otlvm.__file__).parent
OWN = re.compile(r"((?:[^\W\d]\w*\.)*[^\W\d]\w*):[^\W\d]\w*")
"""``my_module:MyClass``, and its module."""
DECIDES = (
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


def code_identities(configs: Iterable[Config]) -> list[str]:
    """Hash the code that decides each result: ours, and the plug-ins that its config names.

    What is measured of a trained model decides no result.
    """
    installed = _installed()
    hash_of = cache(plugin_hash)

    @cache
    def identity(modules: frozenset[str]) -> str:
        plugins = "".join(f"{name}\0{hash_of(name)}\0" for name in sorted(modules))
        return hashlib.sha256(f"{library_hash()}\0{plugins}".encode()).hexdigest()

    decide = ({k: v for k, v in config.items() if k != MEASURED} for config in configs)
    return [identity(frozenset(_modules(config, installed))) for config in decide]


def plugins_hash(spec: Any) -> str:
    """Hash the plug-ins that a spec names; empty if it names none."""
    hashes = [plugin_hash(name) for name in sorted({*_modules(spec, _installed())})]
    return hashlib.sha256("\0".join(hashes).encode()).hexdigest() if hashes else ""


def _installed() -> dict[str, str]:
    """Return the module of each installed plug-in, by its name."""
    return {
        name: point.value.partition(":")[0]
        for registry in REGISTRIES
        for name, point in registry.plugins().items()
    }


def _modules(value: Any, installed: Mapping[str, str]) -> Iterator[str]:
    """Yield the modules of the plug-ins that are named anywhere in a value."""
    for text in _texts(value):
        if text in installed:
            yield installed[text]
        elif found := OWN.fullmatch(text):
            yield found[1]


@cache
def library_hash() -> str:
    """Hash what of our own code decides results."""
    places = [LIBRARY / name for name in DECIDES]
    return _hash(
        LIBRARY, [file for place in places for file in (sorted(place.rglob("*.py")) or [place])]
    )


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


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in a config, wherever it stands."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
