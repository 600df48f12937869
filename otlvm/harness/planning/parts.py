"""Everything that can go wrong before training goes wrong here: names, parameters, data."""

from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import Any, TypeVar

import torch

from otlvm.baselines import baselines
from otlvm.data import DataError, Dataset, datasets, locate
from otlvm.harness.config import data_key, get_field, saved_models
from otlvm.harness.messages import InputError, KeyPath, one_line
from otlvm.harness.planning.stopping import check_share, check_watched
from otlvm.harness.suite.misplaced import where_it_belongs
from otlvm.harness.suite.runs import Run
from otlvm.inference import inferences
from otlvm.likelihoods import likelihoods
from otlvm.metrics import metrics
from otlvm.networks import LatentMixtureModel, load, networks
from otlvm.objectives import objectives
from otlvm.optimizers import optimizers
from otlvm.priors import Prior, priors
from otlvm.registry import RegistryError
from otlvm.schedules import schedules
from otlvm.starts import starts
from otlvm.training.updates import PARTS, check_rates
from otlvm.training.validation import Stop, check_stop

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
    checked: set[str] = set()
    for run in runs:
        key = data_key(run.config)
        if key not in loaded:
            loaded[key] = _build(run, ("data",), partial(datasets.build, run.config["data"]))
        if (config := repr(run.config)) not in checked:  # the other seeds of a row are like it
            _check(run, loaded[key], built)
            checked.add(config)
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
    for index, asked in enumerate(config.get("metrics", ())):
        once(("metrics", index), asked, None, partial(metrics.build, asked))
    if "baseline" in config:
        spec = config["baseline"]
        where = () if run.origin[0] == "baselines" else ("baseline",)
        baseline = once(where, spec, None, lambda: baselines.build(spec))
        _fits(run, where, lambda: baseline.check(len(data.x_train), prior.n_components))
        return
    section = ("model", "inference")
    kind = config["model"]["inference"]
    inference = once(section, kind, None, lambda: inferences.build(kind))
    _fits(run, section, lambda: inference.check(prior))
    spec = config["objective"]
    objective = once(("objective",), spec, None, lambda: objectives.build(spec))
    _fits(run, ("objective",), lambda: objective.check(prior))
    start_spec = config["train"]["start"]
    start = once(("train", "start"), start_spec, None, lambda: starts.build(start_spec))
    for where, folder in saved_models(start_spec):
        section = ("train", "start", *where)
        saved = once(section, folder, None, partial(_load_model, folder))
        _fits(run, (*section, "run"), partial(_check_shape, saved, folder, data))
    _fits(run, ("train", "start"), lambda: start.check(len(data.x_train), prior.n_components))
    for key, build_part in (("optimizer", optimizers.build), ("schedule", schedules.build)):
        part = config["train"][key]
        once(("train", key), part, None, partial(build_part, part))
    own = {"prior": prior, "objective": objective}
    _fits(run, ("train",), lambda: check_rates(config["train"]["rates"], PARTS, own))
    if (stop := config["train"]["stop"]) is not None:
        _fits(run, ("train", "stop", "metric"), lambda: check_watched(stop, objective))
        _fits(run, ("train", "stop"), lambda: check_stop(Stop(**stop), objective))
    maps, sizes = config["model"]["network"], (prior.n_components, prior.dim)
    make = partial(networks.build, maps, image_shape=data.image_shape)
    context = (data.image_shape, sizes, kind)
    with torch.device("meta"):  # shapes only: no memory, no random numbers
        section = ("model", "network")
        network = once(section, maps, context, lambda: inference.network(make, *sizes))
        spec, size = config["model"]["likelihood"], {"features": data.x_train.shape[1]}
        likelihood = once(
            ("model", "likelihood"), spec, size, lambda: likelihoods.build(spec, **size)
        )
    _fits(run, ("train", "start"), lambda: start.check_network(network))
    _fits(run, ("objective",), lambda: objective.check_network(network))
    _fits(run, ("model", "likelihood"), lambda: likelihood.check_range(*data.span))
    _fits(run, ("objective",), lambda: objective.check_likelihood(likelihood))
    batch_size = config["train"]["batch_size"]
    if batch_size > len(data.x_train):
        raise InputError(
            f"batch_size {batch_size} is larger than the data's {len(data.x_train)} images",
            (*run.origin, "train", "batch_size"),
        )
    if stop is not None:
        images = len(data.x_train)
        _fits(run, ("train", "stop", "share"), lambda: check_share(stop, images, batch_size))


def _load_model(named: str) -> LatentMixtureModel:
    try:
        folder = locate(named)
    except DataError as error:
        raise RegistryError(f"no saved model: {error}", ("run",)) from error
    if not folder.is_dir():
        raise RegistryError(f"no saved model: {folder} is no folder", ("run",))
    try:
        return load(folder)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise RegistryError(
            f"{folder} is no saved model, or damaged: {one_line(error)}", ("run",)
        ) from error


def _check_shape(saved: LatentMixtureModel, folder: str, data: Dataset) -> None:
    if saved.image_shape != tuple(data.image_shape):
        there, here = list(saved.image_shape), list(data.image_shape)
        raise ValueError(f"{folder} is a model of images of shape {there}, and data have {here}")


def _fits(run: Run, section: KeyPath, check: Callable[[], None]) -> None:
    """Ask a part whether it can work with the others."""
    try:
        check()
    except (Exception, SystemExit) as error:  # a plug-in's check may refuse in any way
        refused = isinstance(error, ValueError | TypeError) and str(error)
        message = str(error) if refused else one_line(error)
        raise InputError(message, (*run.origin, *section)) from error


def _build(run: Run, section: KeyPath, build: Callable[[], T]) -> T:
    try:
        return build()
    except RegistryError as error:
        cause = error.__cause__
        message = str(cause) if isinstance(cause, DataError) else str(error)
        if "cannot import" in message and "ModuleNotFoundError" in message:
            message += "; modules are found beside the suite file, here, and on the PYTHONPATH"
        if message.startswith("unknown dataset") and PurePath(run.config["data"]["name"]).suffix:
            message += "; a file of arrays is {name: npz, path: FILE}"
        path = (*run.origin, *section, *error.path)
        if message.startswith("unknown parameter"):
            here = ".".join(map(str, (*(section or ("baseline",)), *error.path)))
            baseline = run.config.get("baseline") if len(error.path) == 1 else None
            belongs = where_it_belongs(path, get_field(run.config, here), baseline)
            what, _, takes = message.partition("; ")
            message = f"{what}{belongs}; {takes}"
        raise InputError(message, path) from error
