"""Asking metrics: one that fails costs its numbers, and nothing else."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

import torch
from torch import Tensor

from otlvm.data import Dataset
from otlvm.evaluation import evaluation_mode
from otlvm.metrics.base import AssignmentMetric, Metric
from otlvm.networks import LatentMixtureModel
from otlvm.seeding import seeded

Chosen = Mapping[str, Metric]
Numbers = dict[str, float]
M = TypeVar("M", bound=Metric)


@dataclass
class Measured:
    """What metrics say.

    Attributes:
        numbers: The numbers, all finite.
        failed: What each metric raised that has no numbers, or not all of them.
    """

    numbers: Numbers = field(default_factory=dict)
    failed: dict[str, BaseException] = field(default_factory=dict)


def measure_model(chosen: Chosen, model: LatentMixtureModel, data: Dataset) -> Measured:
    """Ask metrics about a model; each has a random state of its own.

    Meanwhile nothing is scaled back: what the model draws is in the units of ``data.x_test``.

    Args:
        chosen: The metrics, by name.
        model: The model, on the data's device.
        data: The data.
    """
    scaled = replace(data, scaling=None)

    def ask(metric: Metric) -> Numbers:
        with evaluation_mode(model), _as_scaled(model):
            return metric.compute(model, scaled)

    return _measure(chosen, ask, data)


@contextmanager
def _as_scaled(model: LatentMixtureModel) -> Iterator[None]:
    """Have a model's samples compare with the data it saw, not with those that were read."""
    scaling, model.scaling = model.scaling, None
    try:
        yield
    finally:
        model.scaling = scaling


def measure_assignments(
    chosen: Chosen, pi_train: Tensor, pi_test: Tensor, data: Dataset
) -> Measured:
    """Ask about the assignments of a baseline; metrics that need a model are not asked.

    Args:
        chosen: The metrics, by name.
        pi_train: Assignments of the training images, with shape ``[n, K]``.
        pi_test: Assignments of the held-out images, with shape ``[m, K]``.
        data: The data.
    """

    def ask(metric: AssignmentMetric) -> Numbers:
        with seeded(0, pi_test.device), torch.no_grad():
            return metric.score(pi_train, pi_test, data)

    able = {name: each for name, each in chosen.items() if isinstance(each, AssignmentMetric)}
    return _measure(able, ask, data)


def _measure(chosen: Mapping[str, M], ask: Callable[[M], Numbers], data: Dataset) -> Measured:
    measured = Measured()
    labelled = data.unlabelled[1] < len(data.x_test)
    for name, metric in chosen.items():
        if metric.needs_labels and not labelled:
            continue
        try:
            found = {key: float(value) for key, value in ask(metric).items()}
            measured.numbers |= _checked(metric, found)
            _refuse_infinite(found)
        except (Exception, SystemExit) as error:  # a metric, the user's too, may fail in any way
            measured.failed[name] = error
    return measured


def _checked(metric: Metric, found: Numbers) -> Numbers:
    """Return the finite numbers; refuse those that the metric does not name."""
    known = [number.key for number in metric.numbers]
    unknown = [key for key in found if key not in known]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not among its numbers: {', '.join(known)}")
    return {key: value for key, value in found.items() if math.isfinite(value)}


def _refuse_infinite(found: Numbers) -> None:
    wrong = [f"{key} is {value}" for key, value in found.items() if not math.isfinite(value)]
    if wrong:
        raise ValueError(", ".join(wrong))
