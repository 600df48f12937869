"""Everything that can go wrong before training goes wrong here: names, parameters, data."""

import hashlib
import inspect
import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

import torch

import otlvm
from benchmarks.fields import Config
from benchmarks.listing import REGISTRIES
from benchmarks.suite import Run
from benchmarks.yaml_file import KeyPath, SuiteError
from otlvm.data import DataError, Dataset, datasets
from otlvm.evaluation import baselines
from otlvm.networks import networks
from otlvm.objectives import objectives
from otlvm.priors import Prior, priors
from otlvm.registry import RegistryError

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
    checked: set[str] = set()
    for run in runs:
        key = data_key(run.config)
        if key not in loaded:
            loaded[key] = _build(run, ("data",), partial(datasets.build, run.config["data"]))
        if repr(run.config) not in checked:
            _check(run, loaded[key])
            checked.add(repr(run.config))
    return loaded


def _check(run: Run, data: Dataset) -> None:
    config = run.config
    prior: Prior = _build(run, ("model", "prior"), lambda: priors.build(config["model"]["prior"]))
    if "baseline" in config:
        context = {"n_components": prior.n_components, "seed": run.seed}
        _build(run, (), lambda: baselines.build(config["baseline"], **context))
        return
    _build(run, ("objective",), lambda: objectives.build(config["objective"]))
    shape = {"image_shape": data.image_shape, "n_components": prior.n_components, "dim": prior.dim}
    with torch.device("meta"):  # shapes only: no memory, no random numbers
        network = config["model"]["network"]
        _build(run, ("model", "network"), lambda: networks.build(network, **shape))
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
        raise SuiteError(message, (*run.origin, *section, *error.path)) from error


def code_identity(config: Config) -> str:
    """Hash of the code that decides a result: the library, the executor, the plug-ins named."""
    digest = hashlib.sha256(_library_hash().encode())
    points = [registry.plugins().values() for registry in REGISTRIES]
    installed = {point.name: point.module for group in points for point in group}
    for name in sorted(set(_strings(config))):
        module = sys.modules.get(installed.get(name, name.partition(":")[0] if ":" in name else ""))
        if module is not None:
            digest.update(Path(inspect.getfile(module)).read_bytes())
    return digest.hexdigest()


@cache
def _library_hash() -> str:
    root = Path(otlvm.__file__).parent
    files = [*sorted(root.rglob("*.py")), Path(__file__).with_name("execute.py")]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
