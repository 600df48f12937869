"""Stopping early and keeping the best, by images that are cut from the training data."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from otlvm.networks import LatentMixtureModel
from otlvm.objectives import Objective
from otlvm.seeding import afresh
from otlvm.training.meter import Row
from otlvm.weights import Fixed, Weight
from otlvm.wording import did_you_mean

VALIDATION = "validation"
"""What the images held back say, in a row of the history."""


@dataclass(frozen=True)
class Stop:
    """When training ends before its last step, and which model is kept.

    Never by test data, and never by labels: part of the training images is held back, and the
    objective is measured on it at each row of the learning curve, in eval mode. In a suite the
    start sees all training images, so that a clustering is the same as in its own row.

    Attributes:
        metric: What is watched; lower is better: ``loss``, ``reconstruction``, ``regularizer`` or
            one of the objective's own terms. The first and the third are refused where a weight in
            them moves: losses of two weights do not compare.
        patience: Rows without a better value after which training stops; None goes on to the end.
        share: Of the training images, how many are held back.
        keep_best: Return the model of the best row, not of the last.

    Raises:
        ValueError: If a number is out of range.
    """

    metric: str = "loss"
    patience: int | None = 10
    share: float = 0.1
    keep_best: bool = True

    def __post_init__(self) -> None:
        """Check the numbers."""
        if self.patience is not None and self.patience < 1:
            raise ValueError("patience must be positive")
        if not 0 < self.share < 1:
            raise ValueError("share must be between 0 and 1")

    def cut(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Cut images ``[n, D]`` into those that are trained on and those that are held back.

        The cut is random, and the same for every seed and every row.
        """
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0)).to(x.device)
        held_back = round(self.share * len(x))
        return x[order[held_back:].sort().values], x[order[:held_back].sort().values]


def check_stop(stop: Stop, objective: Objective) -> None:
    """Refuse to watch what changes its meaning while training goes on.

    Args:
        stop: What to watch.
        objective: The objective.

    Raises:
        ValueError: If it is a sum with a weight that moves.
    """
    moving = any(
        isinstance(part, Weight) and not isinstance(part, Fixed) for part in objective.modules()
    )
    if moving and stop.metric in ("loss", "regularizer"):
        raise ValueError(
            f"stop watches the {stop.metric}, whose weight moves, so that its values do not "
            f"compare: say metric: reconstruction, or a term such as divergence"
        )


class Validation:
    """Watches a training.

    Args:
        stop: What to watch.
        objective: The objective.
        x: The images held back, with shape ``[m, D]``.
        batch_size: Images per batch, as in training: a divergence depends on it.

    Raises:
        ValueError: If there are fewer images than one batch, or what is watched has a weight that
            moves.

    Attributes:
        stopped: Whether training shall end.
    """

    def __init__(self, stop: Stop, objective: Objective, x: Tensor, batch_size: int) -> None:
        check_stop(stop, objective)
        if len(x) < batch_size:
            raise ValueError(
                f"{len(x)} images are held back, fewer than batch_size {batch_size}: raise share"
            )
        self._stop = stop
        self._objective = objective
        self._batches = torch.split(x[: len(x) // batch_size * batch_size], batch_size)
        self.stopped = False
        self._best = float("inf")
        self._best_step = 0
        self._waited = 0
        self._kept: dict[str, Tensor] = {}

    def look(self, model: LatentMixtureModel, step: int) -> Row:
        """Measure the images held back, and remember the model if it is the best so far.

        Args:
            model: The model, in eval mode.
            step: The training step.

        Raises:
            ValueError: If the objective has no such term.
        """
        value = self._measure(model)
        if value < self._best:
            self._best, self._best_step, self._waited = value, step, 0
            if self._stop.keep_best:
                self._kept = {name: t.clone() for name, t in model.state_dict().items()}
        else:
            self._waited += 1
            self.stopped = self._stop.patience is not None and self._waited >= self._stop.patience
        return {VALIDATION: value}

    @torch.no_grad()
    def _measure(self, model: LatentMixtureModel) -> float:
        training = self._objective.training
        self._objective.eval()
        values = []
        with afresh(self._batches[0].device):
            for batch in self._batches:
                losses = self._objective(model, batch)
                terms = {
                    "loss": losses.total,
                    "reconstruction": losses.reconstruction,
                    "regularizer": losses.regularizer,
                    **losses.terms,
                }
                if self._stop.metric not in terms:
                    hint = did_you_mean(self._stop.metric, terms)
                    raise ValueError(
                        f"the objective has no term {self._stop.metric!r}{hint}; there are "
                        f"{', '.join(terms)}"
                    )
                values.append(terms[self._stop.metric].double())
        self._objective.train(training)
        return float(torch.stack(values).mean())

    def finish(self, model: LatentMixtureModel) -> None:
        """Put the best model's parameters in place of the last ones."""
        if self._kept:
            model.load_state_dict(self._kept)

    def state_dict(self) -> dict[str, Any]:
        """Return what has been seen, for checkpoints."""
        return {
            "stopped": self.stopped,
            "best": self._best,
            "best_step": self._best_step,
            "waited": self._waited,
            "kept": self._kept,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` returned."""
        self.stopped = state["stopped"]
        self._best, self._best_step = state["best"], state["best_step"]
        self._waited, self._kept = state["waited"], state["kept"]
