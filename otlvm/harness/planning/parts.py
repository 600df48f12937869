"""Everything that can go wrong before training goes wrong here: names, parameters, data."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import torch

from otlvm.baselines import baselines
from otlvm.data import DataError, Dataset, datasets
from otlvm.harness.config import data_key, get_field
from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.suite.misplaced import where_it_belongs
from otlvm.harness.suite.runs import Run
from otlvm.networks import networks
from otlvm.objectives import objectives
from otlvm.priors import Prior, priors
from otlvm.registry import RegistryError
from otlvm.starts import starts

T = TypeVar("T")
Datasets = dict[str, Dataset]


def prepare(runs: list[Run]) -> Datasets:
    """Build every part of every run once and load every data set.

    Returns:
        The data sets by `data_key`.

    Raises:
        InputError: If a name or parameter does not fit, or data are missing or damaged.
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
        section = () if run.origin[0] == "baselines" else ("baseline",)
        once(section, baseline, None, lambda: baselines.build(baseline))
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
        raise InputError(
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
        path = (*run.origin, *section, *error.path)
        if message.startswith("unknown parameter"):
            here = ".".join(map(str, (*(section or ("baseline",)), *error.path)))
            baseline = run.config.get("baseline") if len(error.path) == 1 else None
            belongs = where_it_belongs(path, get_field(run.config, here), baseline)
            what, _, takes = message.partition("; ")
            message = f"{what}{belongs}; {takes}"
        raise InputError(message, path) from error
