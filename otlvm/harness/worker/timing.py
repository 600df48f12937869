"""What a run costs, measured on a few of its steps."""

import importlib
import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from otlvm.data import Dataset
from otlvm.evaluation import curve_point, evaluate, show_model
from otlvm.harness.config import Config
from otlvm.harness.worker.execute import seed_everything, step_options
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import objectives
from otlvm.starts import starts
from otlvm.training import fit

WARM_UP = 3
"""Steps before the clock starts."""


@dataclass(frozen=True)
class Cost:
    """Seconds that the parts of a run take.

    Attributes:
        start: Before the first step, and what the first steps take longer.
        step: A step.
        row: A row of the learning curve.
        end: Evaluation and pictures.
        whole: Whether the start is known too.
    """

    start: float
    step: float
    row: float
    end: float
    whole: bool = True

    def seconds(self, config: Config) -> float:
        """Return what a run with such steps takes."""
        train, steps = config["train"], int(config["train"]["steps"])
        logged = {*train["eval_at"], *train["snapshots"], steps} - {0}
        rows = len({*range(train["eval_every"], steps + 1, train["eval_every"]), *logged})
        return self.start + steps * self.step + rows * self.row + self.end


def measure(config: Config, data: Dataset, steps: int) -> Cost:
    """Train a model for a few steps and evaluate it once.

    Args:
        config: The config of a run that trains.
        data: Its data, on the device where it would train.
        steps: How many steps.
    """
    importlib.import_module("otlvm.harness.worker.preload")  # before the clock starts
    seed_everything(0)
    train, x = config["train"], data.x_train
    model = LatentMixtureModel(data.image_shape, **config["model"]).to(x.device)
    objective = objectives.build(config["objective"]).to(x.device)

    def take(steps: int) -> float:
        return fit(model, objective, x, steps=steps, **step_options(train)).seconds

    start = _start(train["start"], model, data, train["batch_size"], steps)
    first, step = take(WARM_UP), take(steps) / steps
    curve_point(model, data)  # the first call takes longer
    row = _clock(lambda: curve_point(model, data))
    end = _clock(lambda: (evaluate(model, data), show_model(model, data)))
    before = max(0.0, first - WARM_UP * step) + (start or 0.0)
    return Cost(before, step, row, end, start is not None)


def _start(
    spec: Config, model: LatentMixtureModel, data: Dataset, batch_size: int, steps: int
) -> float | None:
    """Time a start, its steps no more than a few; None if it does more than take steps."""
    options = {key: value for key, value in spec.items() if key != "name"}
    if not all(isinstance(value, int | float) for value in options.values()):
        return None  # it builds other parts, such as a clustering, or reads another's model
    known = starts.parameters(spec["name"])
    if any(known[key].default is inspect.Parameter.empty for key in known.keys() - options.keys()):
        return None
    wanted = options.get("steps", known["steps"].default) if "steps" in known else 0

    def take(count: int) -> float:
        steps = {"steps": count} if "steps" in known else {}
        start = starts.build({**spec, **steps})
        return _clock(lambda: start.prepare(model, data.x_train, batch_size))

    take(min(WARM_UP, wanted))  # the first steps take longer
    if wanted <= WARM_UP + steps:
        return take(wanted)
    few, more = take(WARM_UP), take(WARM_UP + steps)
    return more + (wanted - WARM_UP - steps) * max(0.0, more - few) / steps


def _clock(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started
