"""Everything that can go wrong before training goes wrong here: names, parameters, data."""

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import torch

import otlvm
from benchmarks.expand import Run
from benchmarks.fields import Config
from benchmarks.listing import REGISTRIES
from benchmarks.yaml_file import KeyPath, SuiteError
from otlvm.baselines import baselines
from otlvm.data import DataError, Dataset, datasets
from otlvm.networks import networks
from otlvm.objectives import objectives
from otlvm.priors import Prior, priors
from otlvm.registry import RegistryError
from otlvm.starts import starts

T = TypeVar("T")
Datasets = dict[str, Dataset]


def data_key(config: Config) -> str:
    """Return what tells one data set of a suite from another."""
    return repr(sorted(config["data"].items()))


def prepare(runs: list[Run]) -> Datasets:
    """Build every part of every run once and load every data set.

    Returns:
        The data sets by `data_key`.

    Raises:
        SuiteError: If a name or parameter does not fit, or data are missing or damaged.
    """
    loaded: Datasets = {}
    built: dict[str, Any] = {}
    for run in runs:
        key = data_key(run.config)
        if key not in loaded:
            loaded[key] = _build(run, ("data",), partial(datasets.build, run.config["data"]))
        _check(run, loaded[key], built)
    return loaded


def _check(run: Run, data: Dataset, built: dict[str, Any]) -> None:
    """Build the parts of a run that no run before it had."""
    config = run.config

    def once(section: KeyPath, spec: Any, context: Any, build: Callable[[], T]) -> T:
        key = repr((section, spec, context))
        if key not in built:
            built[key] = _build(run, section, build)
        part: T = built[key]
        return part

    spec = config["model"]["prior"]
    prior: Prior = once(("model", "prior"), spec, None, lambda: priors.build(spec))
    if "baseline" in config:
        baseline = config["baseline"]
        once((), baseline, None, lambda: baselines.build(baseline))
        return
    objective, network = config["objective"], config["model"]["network"]
    once(("objective",), objective, None, lambda: objectives.build(objective))
    start = config["train"]["start"]
    once(("train", "start"), start, None, lambda: starts.build(start))
    shape = {"image_shape": data.image_shape, "n_components": prior.n_components, "dim": prior.dim}
    with torch.device("meta"):  # shapes only: no memory, no random numbers
        once(("model", "network"), network, shape, lambda: networks.build(network, **shape))
    batch_size = config["train"]["batch_size"]
    if batch_size > len(data.x_train):
        raise SuiteError(
            f"batch_size {batch_size} is larger than the data's {len(data.x_train)} images",
            (*run.origin, "train", "batch_size"),
        )


def _build(run: Run, section: KeyPath, build: Callable[[], T]) -> T:
    try:
        return build()
    except RegistryError as error:
        cause = error.__cause__
        message = str(cause) if isinstance(cause, DataError) else str(error)
        if "cannot import" in message and "ModuleNotFoundError" in message:
            message += "; modules are found beside the suite file, here, and on the PYTHONPATH"
        raise SuiteError(message, (*run.origin, *section, *error.path)) from error


def code_identities(configs: Iterable[Config]) -> list[str]:
    """Hash the code that decides each result: library, executor and the plug-ins it names."""
    points = [registry.plugins().values() for registry in REGISTRIES]
    installed = {point.name: point.module for group in points for point in group}

    @cache
    def identity(names: frozenset[str]) -> str:
        digest = hashlib.sha256(_library_hash().encode())
        for name in sorted(names):
            own = name.partition(":")[0] if ":" in name else ""
            module = sys.modules.get(installed.get(name, own))
            if module is not None:
                digest.update(Path(inspect.getfile(module)).read_bytes())
        return digest.hexdigest()

    return [identity(frozenset(_strings(config))) for config in configs]


@cache
def _library_hash() -> str:
    root = Path(otlvm.__file__).parent
    checks = root / "testing"  # decides no result
    files = [path for path in sorted(root.rglob("*.py")) if checks not in path.parents]
    files += [Path(__file__).with_name(name) for name in ("execute.py", "snapshots.py")]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
