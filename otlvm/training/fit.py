"""The training loop."""

import math
import time
from collections.abc import Callable, Collection, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from otlvm.data import Dataset
from otlvm.data.checks import without_rounding
from otlvm.data.pixels import refuse_outside
from otlvm.inputs import count, instance, positive
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import Losses, Objective, objectives
from otlvm.optimizers import Adam, Optimizer, optimizers
from otlvm.registry import Spec
from otlvm.schedules import Constant, Schedule, schedules
from otlvm.seeding import afresh
from otlvm.training.batches import BatchSampler, Redrawn
from otlvm.training.checkpoint import Checkpoints, Held, RandomState, State
from otlvm.training.meter import DivergedError, Meter, Row
from otlvm.training.precision import Precision, in_precision
from otlvm.training.progress import ProgressBar
from otlvm.training.updates import Updates
from otlvm.training.validation import Stop, Validation

if TYPE_CHECKING:
    import pandas as pd


ADAM, CONSTANT = Adam(), Constant()
LOGGED = ("step", "loss", "gradient", "reconstruction", "regularizer")
"""What every row of a history has, besides the objective's terms and what is evaluated."""


@dataclass(repr=False)
class History:
    """What training measured.

    Attributes:
        rows: One per logged step: ``step``, the mean losses since the row before, and what
            ``evaluate`` returned.
        seconds: Time spent in training steps, evaluation and checkpoints left out.
        steps: Training steps done.
    """

    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    steps: int = 0

    def __repr__(self) -> str:
        """Show how far training came, and the newest row."""
        last = self.rows[-1] if self.rows else {}
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in last.items() if name != "step")
        return f"History({self.steps} steps in {self.seconds:.1f} s: {numbers or 'no row yet'})"

    def frame(self) -> "pd.DataFrame":
        """Return the rows as a pandas DataFrame, indexed by step."""
        import pandas as pd  # takes a second, and training does not need it

        return pd.DataFrame(self.rows).set_index("step")

    def state_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return dict(vars(self))

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take the fields of another history."""
        vars(self).update(state)


def fit(
    model: LatentMixtureModel,
    objective: Objective | Spec,
    x: Tensor | NDArray[Any] | Dataset,
    *,
    steps: int = 3000,
    batch_size: int = 128,
    learning_rate: float = 5e-4,
    optimizer: Optimizer | Spec = ADAM,
    rates: Mapping[str, float] | None = None,
    schedule: Schedule | Spec = CONSTANT,
    clip: float | None = None,
    stop: Stop | None = None,
    log_every: int = 50,
    log_at: Collection[int] = (),
    compiled: bool = False,
    precision: Precision = "float32",
    evaluate: Callable[[LatentMixtureModel], Row] | None = None,
    on_row: Callable[[Row], None] | None = None,
    checkpoints: Checkpoints | None = None,
    progress: bool = False,
) -> History:
    """Minimise an objective.

    Losses add up on the device and are read every ``log_every`` steps, so that no step waits for
    the device.

    Args:
        model: The model; changed in place, left in eval mode. Parameters that require no gradient
            stay as they are, and so does all that a part has which is held
            (`otlvm.networks.hold`).
        objective: What to minimise, or the spec of it; moved to where x is. Its own parameters are
            trained along.
        x: Training images, as `LatentMixtureModel.images` takes them; or a data set, whose
            training images are meant, drawn afresh in each batch if it has shades.
        steps: Training steps.
        batch_size: Images per step.
        learning_rate: The optimiser's learning rate.
        optimizer: The optimiser, or the spec of one.
        rates: Learning rates of parts that differ: ``prior``, ``classifier``, ``components``,
            ``decoder`` or ``objective``.
        schedule: A factor on all rates over training, or the spec of one.
        clip: The largest norm of the gradient; longer ones are shortened to it. The history has
            the norm before.
        stop: When to end before the last step, by a part of the images that is held back.
        log_every: Steps between rows of the history.
        log_at: Further steps that have a row.
        compiled: Compile the objective with torch.compile: the first step takes a minute, the
            others less time. Needs a C++ compiler on CPUs.
        precision: That of the networks in training steps, ``float32`` or ``bfloat16``. Losses,
            parameters and optimiser are float32 in any case, and so are ``evaluate`` and ``stop``.
        evaluate: Called at each row with the model in eval mode; what it returns joins the row.
        on_row: Called with each finished row, for progress displays.
        checkpoints: Where to save the state of training. If there is one, training goes on from
            it, with the result, bit for bit on a CPU, of a training that was never interrupted.
        progress: Draw a progress bar, in a terminal or a notebook.

    Returns:
        What was measured on the way.

    Raises:
        DivergedError: If a loss, the gradient or what ``evaluate`` returns becomes NaN or infinite.
        InterruptedTrainingError: If ``checkpoints`` says stop.
        TypeError: If an argument is of another type.
        ValueError: If there are fewer images than ``batch_size``, the likelihood is not of such
            numbers, a number is out of range, there is no such precision, or the spec fits no
            objective.
    """
    shades = x.shades if isinstance(x, Dataset) else None
    x = _checked(model, x, steps=steps, batch_size=batch_size, log_every=log_every)
    positive("learning_rate", learning_rate)
    if stop is not None:
        instance("stop", stop, Stop, "fit(..., stop=Stop(metric, share=0.1))")
    if checkpoints is not None:
        instance("checkpoints", checkpoints, Checkpoints, "fit(..., checkpoints=Checkpoints(path))")
    if not isinstance(objective, Objective):
        objective = objectives.build(objective)
    objective = objective.to(x.device)  # a weight or a critic may have tensors of its own
    made = optimizer if isinstance(optimizer, Optimizer) else optimizers.build(optimizer)
    schedule = copy(schedule) if isinstance(schedule, Schedule) else schedules.build(schedule)
    parameters = [*model.parameters(), *objective.parameters()]
    if not any(parameter.requires_grad for parameter in parameters):
        raise ValueError("no parameter requires a gradient: otlvm.networks.release(model) frees it")
    updates = Updates(model, objective, made, learning_rate, rates or {}, schedule, clip)
    validation = None
    if stop is not None:
        x, held_back = stop.cut(x)
        shades = None if shades is None else stop.cut(shades)[0]
        validation = Validation(stop, objective, held_back, batch_size)
    sampled = partial(BatchSampler, x) if shades is None else partial(Redrawn, shades)
    sampler, history, meter = sampled(batch_size), History(), Meter(x.device)
    parts: dict[str, Any] = {
        "model": model,
        "held": Held(model),
        "objective": objective,
        "optimizer": updates,
        "sampler": sampler,
        "history": history,
        "meter": meter,
        "random": RandomState(x.device),
    }
    if validation is not None:
        parts["validation"] = validation
    if checkpoints is not None:
        checkpoints.restore(parts)
    model.train()
    trained = in_precision(model, precision)
    if history.steps == 0:
        with afresh(x.device):  # training draws the same batches, warmed up or not
            objective.warm_up(trained, sampled(batch_size).draw)

    def state() -> State:
        return {name: part.state_dict() for name, part in parts.items()}

    compute = torch.compile(objective) if compiled else objective
    objective.train()
    with ProgressBar(steps, progress) as bar:
        started = time.perf_counter()
        for step in range(history.steps + 1, steps + 1):
            if validation is not None and validation.stopped:
                break
            updates.optimizer.zero_grad(set_to_none=True)
            losses: Losses = compute(trained, sampler.draw())
            torch.autograd.backward(losses.total)
            norm = updates.step(step, steps)
            meter.add(step, _scalars(losses, norm))
            history.seconds += time.perf_counter() - started
            history.steps = step
            bar.step(step)
            if step % log_every == 0 or step in log_at or step == steps:
                row: Row = {"step": step, **meter.row()}
                if evaluate is not None:
                    model.eval()
                    measured = evaluate(model)
                    instance("what evaluate returns", measured, dict, "numbers by their names")
                    row |= measured
                    model.train()
                if validation is not None:
                    model.eval()
                    row |= validation.look(model, step)
                    model.train()
                _check_finite(row, step)
                schedule.observe(row)
                history.rows.append(row)
                bar.row(row)
                if on_row is not None:
                    on_row(row)
            if checkpoints is not None:
                checkpoints.after(step, step == steps, state)
            started = time.perf_counter()
    if validation is not None:
        validation.finish(model)
    model.eval()
    return history


def _checked(model: Any, x: Any, *, steps: Any, batch_size: Any, log_every: Any) -> Tensor:
    """Return the training images; refuse what could not be trained, before anything is trained."""
    instance("model", model, LatentMixtureModel, "fit(model, objective, x)")
    count("steps", steps, least=0)
    count("batch_size", batch_size)
    count("log_every", log_every)
    images = model.images(x.x_train if isinstance(x, Dataset) else x)
    if not len(images):
        raise ValueError("there are no training images: x is empty")
    low, high = (float(bound) for bound in images.detach().aminmax())
    if not (math.isfinite(low) and math.isfinite(high)):
        refuse_outside("training images", low, high, "scale them to [0, 1]")
    model.likelihood.check_range(low, high)
    return without_rounding(images, low, high)


def _scalars(losses: Losses, norm: Tensor) -> dict[str, Tensor]:
    return {
        "loss": losses.total,
        "gradient": norm,
        "reconstruction": losses.reconstruction,
        "regularizer": losses.regularizer,
        **losses.terms,
    }


def _check_finite(row: Row, step: int) -> None:
    for name, value in row.items():
        if not math.isfinite(value):
            raise DivergedError(name, value, step)
