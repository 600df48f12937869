"""One run in, one result out: the only caller of build, fit and evaluate."""

import math
import random
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch

from otlvm.baselines import baselines
from otlvm.data import Dataset
from otlvm.evaluation import (
    Pictures,
    assignment_scores,
    curve_point,
    evaluate,
    show_clustering,
    show_model,
)
from otlvm.harness.config import CODE, MEASURED, Config
from otlvm.harness.messages import one_line
from otlvm.harness.worker.machine import peak_memory, reset_peak_memory
from otlvm.harness.worker.snapshots import Snapshots
from otlvm.metrics import Measured, Metric, measure_assignments, measure_model, metrics
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.priors import priors
from otlvm.seeding import afresh
from otlvm.sharing import Shelf, shared_on
from otlvm.starts import starts
from otlvm.training import (
    CheckpointError,
    Checkpoints,
    DivergedError,
    InterruptedTrainingError,
    Stop,
    fit,
)

MOST_DETAILS = 20_000
"""Characters of a traceback that a record keeps."""
Row = dict[str, float]
Ask = Callable[[Mapping[str, Metric]], Measured]


@dataclass
class Result:
    """What became of one run.

    Attributes:
        status: ``done``, ``failed`` (it raised), ``memory`` (there was not enough) or ``diverged``
            (a number stopped being finite).
        reason: Why, if not done; one line.
        details: The traceback, if it raised.
        diverged: Term, value and step, if it diverged.
        metrics: The numbers of the tables, by name.
        curves: One row per logged step.
        model: The trained model, if there is one.
        pictures: What it shows, as arrays by name.
        pictures_failed: Why there are none, if making them raised; one line.
        metrics_failed: Why metrics that were asked for have no numbers, by name; one line.
    """

    status: str = "done"
    reason: str | None = None
    details: str | None = None
    diverged: dict[str, Any] | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    curves: list[Row] = field(default_factory=list)
    model: LatentMixtureModel | None = None
    pictures: Pictures = field(default_factory=dict)
    pictures_failed: str | None = None
    metrics_failed: dict[str, str] = field(default_factory=dict)


def execute(
    config: Config,
    seed: int,
    data: Dataset,
    checkpoints: Checkpoints,
    on_row: Callable[[Row], None] | None = None,
    shelf: Shelf | None = None,
) -> Result:
    """Train and evaluate one run; whatever it raises becomes its status.

    Args:
        config: The run's config.
        seed: Its seed.
        data: Its data, on the device where it trains.
        checkpoints: Where it saves its state; it goes on from what is there.
        on_row: Called with each row of the learning curve.
        shelf: Where clusterings and features are kept that other runs need too.

    Raises:
        InterruptedTrainingError: If ``checkpoints`` says stop.
        CheckpointError: If what is there is no checkpoint of this run.
    """
    result = Result()
    device = data.x_train.device
    seed_everything(seed)
    reset_peak_memory(device)
    try:
        if "baseline" in config:
            show, ask = _cluster(config, data, result, shelf)
        else:
            show, ask = _train(config, data, checkpoints, result, on_row, shelf)
        result.metrics["peak_mb"] = peak_memory(device)
        for name, value in result.metrics.items():
            if not math.isfinite(value):
                raise DivergedError(name, value, config.get("train", {}).get("steps", 0))
        _ask_metrics(config, ask, result, shelf)
        _take_pictures(show, result)
    except (InterruptedTrainingError, CheckpointError):
        raise
    except DivergedError as error:
        result.status, result.reason = "diverged", str(error)
        facts = {"term": error.term, "value": str(error.value), "step": error.step}
        result.diverged, result.metrics = facts, {}
    except (Exception, SystemExit) as error:  # a bad cell costs no other; the record tells all
        result.reason = one_line(error)
        result.status = "memory" if _of_memory(error) else "failed"
        result.details, result.metrics = traceback.format_exc()[-MOST_DETAILS:], {}
    return result


def _of_memory(error: BaseException) -> bool:
    """Tell whether memory ran out; torch says so in words where the CPU's does."""
    told = "allocate memory" in str(error) or "not enough memory" in str(error)
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and told
    )


def seed_everything(seed: int) -> None:
    """Seed every generator that a run may draw from."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (plug-ins may draw from it)
    torch.manual_seed(seed)


def step_options(train: Config) -> dict[str, Any]:
    """Return the arguments of `fit` that say what a step does."""
    names = ("batch_size", "learning_rate", "optimizer", "rates", "schedule", "clip", "precision")
    given = {name: train[name] for name in names if name in train}
    return {**given, "compiled": train["compile"]}


def _train(
    config: Config,
    data: Dataset,
    checkpoints: Checkpoints,
    result: Result,
    on_row: Callable[[Row], None] | None,
    shelf: Shelf | None,
) -> tuple[Callable[[], Pictures], Ask]:
    """Train and measure a model; returns what makes its pictures and what asks metrics of it."""
    device = data.x_train.device
    model = LatentMixtureModel(data.image_shape, **config["model"], scaling=data.scaling)
    model = model.to(device)
    snapshots = Snapshots(model, data, config["train"]["snapshots"], checkpoints)
    objective = objectives.build(config["objective"]).to(device)
    train = config["train"]

    def snap(step: int) -> None:
        try:
            snapshots.take(step)
        except (Exception, SystemExit) as error:  # as for the other pictures
            result.pictures_failed = one_line(error)

    if checkpoints.load() is None:
        started = time.perf_counter()
        with afresh(device), shared_on(shelf):
            starts.build(train["start"]).prepare(model, data.x_train, train["batch_size"])
        _synchronize(device)
        checkpoints.notes["start_seconds"] = time.perf_counter() - started + _saved(shelf)
        snap(0)

    def log(row: Row) -> None:
        result.curves.append(row)
        snap(int(row["step"]))
        if on_row is not None:
            on_row(row)

    history = fit(
        model,
        objective,
        data,
        steps=train["steps"],
        stop=None if train["stop"] is None else Stop(**train["stop"]),
        **step_options(train),
        log_every=train["eval_every"],
        log_at={*train["eval_at"], *train["snapshots"]},
        evaluate=lambda trained: curve_point(trained, data),
        on_row=log,
        checkpoints=checkpoints,
    )
    result.curves, result.model = history.rows, model
    result.metrics = {
        **evaluate(model, data),
        "fit_seconds": checkpoints.notes["start_seconds"] + history.seconds,
        "step_ms": 1000 * history.seconds / history.steps,
    }
    ask = partial(measure_model, model=model, data=data)
    return lambda: {**show_model(model, data), **snapshots.pictures()}, ask


def _cluster(
    config: Config, data: Dataset, result: Result, shelf: Shelf | None
) -> tuple[Callable[[], Pictures], Ask]:
    """Fit and measure a baseline; returns what makes its pictures and what asks metrics of it."""
    prior = priors.build(config["model"]["prior"])
    baseline = baselines.build(config["baseline"])
    started = time.perf_counter()
    with shared_on(shelf):
        pi_train = baseline.fit(data.x_train, prior.n_components)
        pi_test = baseline.assign(data.x_test)
    seconds = time.perf_counter() - started + _saved(shelf)
    result.metrics = {**assignment_scores(pi_train, pi_test, data), "fit_seconds": seconds}
    ask = partial(measure_assignments, pi_train=pi_train, pi_test=pi_test, data=data)
    return partial(show_clustering, pi_test, data), ask


def _ask_metrics(config: Config, ask: Ask, result: Result, shelf: Shelf | None) -> None:
    """Measure what the suite asks for; after the run's memory and time are taken."""
    specs = [{k: v for k, v in spec.items() if k != CODE} for spec in config.get(MEASURED, ())]
    chosen = {spec["name"]: metrics.build(spec) for spec in specs}
    with shared_on(shelf):
        measured = ask(chosen)
    result.metrics |= measured.numbers
    result.metrics_failed = {name: one_line(error) for name, error in measured.failed.items()}


def _take_pictures(show: Callable[[], Pictures], result: Result) -> None:
    try:
        result.pictures = show()
    except (Exception, SystemExit) as error:  # the numbers are there, and worth more
        result.pictures_failed = one_line(error)


def _saved(shelf: Shelf | None) -> float:
    return 0.0 if shelf is None else shelf.saved_seconds


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
