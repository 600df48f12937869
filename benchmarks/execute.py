"""One run in, one result out: the only caller of build, fit and evaluate."""

import math
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from benchmarks.fields import Config
from benchmarks.machine import peak_memory, reset_peak_memory
from benchmarks.suite import Run
from otlvm.data import Dataset
from otlvm.evaluation import assignment_scores, baselines, curve_point, evaluate
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.priors import priors
from otlvm.training import DivergedError, fit, pretrain_moments
from otlvm.training.fit import Row


@dataclass
class Result:
    """What became of one run.

    Attributes:
        status: ``done``, ``failed`` (it raised) or ``diverged`` (a number stopped being finite).
        reason: Why, if not done; one line.
        details: The traceback, if it raised.
        metrics: The numbers of the tables, by name.
        curves: One row a logged step.
        model: The trained model, if there is one.
    """

    status: str = "done"
    reason: str | None = None
    details: str | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    curves: list[Row] = field(default_factory=list)
    model: LatentMixtureModel | None = None


def execute(
    run: Run, data: Dataset, device: torch.device, on_row: Callable[[Row], None] | None = None
) -> Result:
    """Train and evaluate one run; whatever it raises becomes its status.

    Args:
        run: The run.
        data: Its data, on the device.
        device: Where it trains.
        on_row: Called with each row of the learning curve.
    """
    result = Result()
    torch.manual_seed(run.seed)
    reset_peak_memory(device)
    try:
        if "baseline" in run.config:
            _cluster(run, data, result)
        else:
            _train(run.config, data, device, result, on_row)
        result.metrics["peak_mb"] = peak_memory(device)
        broken = [name for name, value in result.metrics.items() if not math.isfinite(value)]
        if broken:
            raise DivergedError(f"{', '.join(broken)} not finite after training")
    except DivergedError as error:
        result.status, result.reason = "diverged", str(error)
    except Exception as error:  # one bad cell must not cost the others; the record tells all
        result.status, result.reason = "failed", one_line(error)
        result.details = traceback.format_exc()
    return result


def one_line(error: Exception) -> str:
    """Write an error without line breaks."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def _train(
    config: Config,
    data: Dataset,
    device: torch.device,
    result: Result,
    on_row: Callable[[Row], None] | None,
) -> None:
    model = LatentMixtureModel(data.image_shape, **config["model"]).to(device)
    objective = objectives.build(config["objective"]).to(device)
    train = config["train"]
    started = time.perf_counter()
    pretrain_moments(model, data.x_train, batch_size=train["batch_size"], **train["pretrain"])
    _synchronize(device)
    pretrain_seconds = time.perf_counter() - started

    def log(row: Row) -> None:
        result.curves.append(row)
        if on_row is not None:
            on_row(row)

    history = fit(
        model,
        objective,
        data.x_train,
        steps=train["steps"],
        batch_size=train["batch_size"],
        learning_rate=train["learning_rate"],
        log_every=train["eval_every"],
        compiled=train["compile"],
        evaluate=lambda trained: curve_point(trained, data),
        on_row=log,
    )
    result.model = model
    result.metrics = {
        **evaluate(model, data),
        "fit_seconds": pretrain_seconds + history.seconds,
        "step_ms": 1000 * history.seconds / history.steps,
    }


def _cluster(run: Run, data: Dataset, result: Result) -> None:
    prior = priors.build(run.config["model"]["prior"])
    spec = run.config["baseline"]
    baseline = baselines.build(spec, n_components=prior.n_components, seed=run.seed)
    started = time.perf_counter()
    pi_train, pi_test = baseline.assign(data)
    seconds = time.perf_counter() - started
    result.metrics = {**assignment_scores(pi_train, pi_test, data), "fit_seconds": seconds}


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
