"""The training loop."""

import math
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.utils import get_total_norm

from otlvm.data import Dataset
from otlvm.networks import LatentMixtureModel
from otlvm.objectives import Losses, Objective, objectives
from otlvm.registry import Spec
from otlvm.seeding import afresh
from otlvm.training.batches import BatchSampler, Redrawn
from otlvm.training.checkpoint import Checkpoints, Held, RandomState, State
from otlvm.training.meter import DivergedError, Meter, Row
from otlvm.training.progress import ProgressBar

if TYPE_CHECKING:
    import pandas as pd


@dataclass(repr=False)
class History:
    """What training measured.

    Attributes:
        rows: One a logged step: ``step``, the mean losses since the row before, and what
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
    x: Tensor | Dataset,
    *,
    steps: int = 3000,
    batch_size: int = 128,
    learning_rate: float = 5e-4,
    log_every: int = 50,
    log_at: Collection[int] = (),
    compiled: bool = False,
    evaluate: Callable[[LatentMixtureModel], Row] | None = None,
    on_row: Callable[[Row], None] | None = None,
    checkpoints: Checkpoints | None = None,
    progress: bool = False,
) -> History:
    """Minimise an objective with Adam.

    Losses add up on the device and are read every ``log_every`` steps, so that no step waits for
    the device.

    Args:
        model: The model; changed in place, left in eval mode. Parameters that require no gradient
            stay as they are, and so does all that a part has which is held
            (`otlvm.networks.hold`).
        objective: What to minimise, or the spec of it. Its own parameters are trained along.
        x: Training images, with shape ``[n, D]``, on the model's device; or a data set, whose
            training images are meant, drawn afresh in each batch if it has shades.
        steps: Adam steps.
        batch_size: Images a step.
        learning_rate: Adam's learning rate.
        log_every: Steps between rows of the history.
        log_at: Further steps that have a row.
        compiled: Compile the objective with torch.compile: the first step takes a minute, the
            others less time. Needs a C++ compiler on CPUs.
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
        ValueError: If there are fewer images than ``batch_size``, the spec fits no objective, or
            the likelihood is not of such numbers.
    """
    x, shades = (x.x_train, x.shades) if isinstance(x, Dataset) else (x, None)
    sampled = partial(BatchSampler, x) if shades is None else partial(Redrawn, shades)
    low, high = x.aminmax()
    model.likelihood.check_range(float(low), float(high))
    if not isinstance(objective, Objective):
        objective = objectives.build(objective).to(x.device)
    parameters = [*model.parameters(), *objective.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=learning_rate, fused=True)
    sampler, history, meter = sampled(batch_size), History(), Meter()
    parts: dict[str, Any] = {
        "model": model,
        "held": Held(model),
        "objective": objective,
        "optimizer": optimizer,
        "sampler": sampler,
        "history": history,
        "meter": meter,
        "random": RandomState(x.device),
    }
    if checkpoints is not None:
        checkpoints.restore(parts)
    if history.steps == 0:
        model.train()
        with afresh(x.device):  # training draws the same batches, warmed up or not
            objective.warm_up(model, sampled(batch_size).draw)

    def state() -> State:
        return {name: part.state_dict() for name, part in parts.items()}

    compute = torch.compile(objective) if compiled else objective
    model.train()
    objective.train()
    with ProgressBar(steps, progress) as bar:
        started = time.perf_counter()
        for step in range(history.steps + 1, steps + 1):
            optimizer.zero_grad(set_to_none=True)
            losses: Losses = compute(model, sampler.draw())
            torch.autograd.backward(losses.total)
            optimizer.step()
            with torch.no_grad():
                meter.add(step, _scalars(losses, parameters))
            history.seconds += time.perf_counter() - started
            history.steps = step
            bar.step(step)
            if step % log_every == 0 or step in log_at or step == steps:
                row: Row = {"step": step, **meter.row()}
                if evaluate is not None:
                    model.eval()
                    row |= evaluate(model)
                    model.train()
                _check_finite(row, step)
                history.rows.append(row)
                bar.row(row)
                if on_row is not None:
                    on_row(row)
            if checkpoints is not None:
                checkpoints.after(step, step == steps, state)
            started = time.perf_counter()
    model.eval()
    return history


def _scalars(losses: Losses, parameters: list[torch.nn.Parameter]) -> dict[str, Tensor]:
    gradients = [p.grad for p in parameters if p.grad is not None]
    return {
        "loss": losses.total,
        "gradient": get_total_norm(gradients, foreach=True),
        "reconstruction": losses.reconstruction,
        "regularizer": losses.regularizer,
        **losses.terms,
    }


def _check_finite(row: Row, step: int) -> None:
    for name, value in row.items():
        if not math.isfinite(value):
            raise DivergedError(name, value, step)
