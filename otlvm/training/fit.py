"""The training loop."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.objectives import Losses, Objective
from otlvm.training.batches import batches

Row = dict[str, float]


class DivergedError(RuntimeError):
    """A loss that is no longer finite; names the term and the steps between which it broke."""


@dataclass
class History:
    """What training measured.

    Attributes:
        rows: One a logged step: ``step``, the mean losses since the row before, and what
            ``evaluate`` returned.
        seconds: Time spent in training steps, evaluation left out.
        steps: Training steps done.
    """

    rows: list[Row] = field(default_factory=list)
    seconds: float = 0.0
    steps: int = 0


def fit(
    model: LatentMixtureModel,
    objective: Objective,
    x: Tensor,
    *,
    steps: int = 3000,
    batch_size: int = 128,
    learning_rate: float = 5e-4,
    log_every: int = 50,
    compiled: bool = False,
    evaluate: Callable[[LatentMixtureModel], Row] | None = None,
    on_row: Callable[[Row], None] | None = None,
) -> History:
    """Minimise an objective with Adam.

    Losses add up on the device and are read every ``log_every`` steps, so that no step waits for
    the device.

    Args:
        model: The model; changed in place, left in eval mode.
        objective: What to minimise. Its own parameters are trained along.
        x: Training images, with shape ``[n, D]``, on the model's device.
        steps: Adam steps.
        batch_size: Images a step.
        learning_rate: Adam's learning rate.
        log_every: Steps between rows of the history.
        compiled: Compile the objective with torch.compile: the first step takes a minute, the
            others less time. Needs a C++ compiler on CPUs.
        evaluate: Called at each row with the model in eval mode; what it returns joins the row.
        on_row: Called with each finished row, for progress displays.

    Raises:
        DivergedError: If a loss becomes NaN or infinite.
        ValueError: If there are fewer images than ``batch_size``.
    """
    parameters = [*model.parameters(), *objective.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=learning_rate, fused=True)
    compute = torch.compile(objective) if compiled else objective
    history = History()
    sums: dict[str, Tensor] = {}
    model.train()
    started = time.perf_counter()
    for step, batch in enumerate(batches(x, batch_size, steps), start=1):
        optimizer.zero_grad(set_to_none=True)
        losses: Losses = compute(model, batch)
        torch.autograd.backward(losses.total)
        optimizer.step()
        with torch.no_grad():
            for name, value in _scalars(losses).items():
                sums[name] = sums[name] + value if name in sums else value.detach().clone()
        if step % log_every == 0 or step == steps:
            count = step - history.steps
            row: Row = {"step": step}
            row |= {name: float(value) / count for name, value in sums.items()}
            history.seconds += time.perf_counter() - started
            _check_finite(row, history.steps)
            history.steps = step
            if evaluate is not None:
                model.eval()
                row |= evaluate(model)
                model.train()
            history.rows.append(row)
            if on_row is not None:
                on_row(row)
            sums.clear()
            started = time.perf_counter()
    model.eval()
    return history


def _scalars(losses: Losses) -> dict[str, Tensor]:
    return {
        "loss": losses.total,
        "reconstruction": losses.reconstruction,
        "regularizer": losses.regularizer,
        **losses.terms,
    }


def _check_finite(row: Row, last_good: int) -> None:
    broken = [name for name, value in row.items() if not math.isfinite(value)]
    if broken:
        # The sum's own name says least: name the term that broke it where one did.
        names = [name for name in broken if name != "loss"] or broken
        between = f"between steps {last_good + 1} and {row['step']:.0f}"
        raise DivergedError(f"{', '.join(names)} not finite {between}")
