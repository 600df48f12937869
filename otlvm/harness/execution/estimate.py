"""How long a suite takes of which nothing is done: from a few steps of each config."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from threadpoolctl import threadpool_limits

from otlvm.data import Dataset, datasets, relative_to
from otlvm.harness.config import Config, data_key
from otlvm.harness.execution.backends import Place
from otlvm.harness.job import Job
from otlvm.harness.messages import one_line
from otlvm.harness.planning.plan import Plan
from otlvm.harness.worker.machine import limit_threads, threads_each
from otlvm.harness.worker.timing import Cost, measure

STEPS = 20


@dataclass(frozen=True)
class Estimate:
    """What runs may take.

    Attributes:
        seconds: Of each run that trains, by id.
        failed: Why a run could not be timed, by id.
        without_start: Ids of runs whose start is not counted.
        untimed: Ids of baselines, which have no steps.
        configs: How many configs were timed.
        steps: Steps of each.
    """

    seconds: Mapping[str, float]
    failed: Mapping[str, str]
    without_start: frozenset[str]
    untimed: frozenset[str]
    configs: int
    steps: int = STEPS

    def total(self, slots: int) -> float | None:
        """Return the seconds of all, several at a time; None if none was timed."""
        if not self.seconds:
            return None
        return max(sum(self.seconds.values()) / max(1, slots), *self.seconds.values())


def estimate(plan: Plan, place: Place) -> Estimate:
    """Time a few steps of each config that a plan computes, in this process.

    Args:
        plan: The plan.
        place: Where its runs would train, with how many threads.
    """
    before = torch.get_num_threads()
    try:
        with threadpool_limits():  # at its end, all libraries have theirs back
            limit_threads(threads_each(place.jobs, place.threads))
            return _estimate(plan, place.device)
    finally:
        torch.set_num_threads(before)


def _estimate(plan: Plan, device: str) -> Estimate:
    costs: dict[str, Cost | str] = {}
    loaded: dict[str, Dataset] = {}
    jobs = [item.job for item in plan.todo]
    trained = [job for job in jobs if "baseline" not in job.config]
    for job in trained:
        if _kind(job.config) not in costs:
            key = data_key(job.config)
            if key not in loaded:
                loaded[key] = _load(job, device)
            costs[_kind(job.config)] = _measure(job.config, loaded[key])
    found = [(job, costs[_kind(job.config)]) for job in trained]
    timed = [(job, cost) for job, cost in found if isinstance(cost, Cost)]
    return Estimate(
        seconds={job.id: cost.seconds(job.config) for job, cost in timed},
        failed={job.id: cost for job, cost in found if isinstance(cost, str)},
        without_start=frozenset(job.id for job, cost in timed if not cost.whole),
        untimed=frozenset(job.id for job in jobs if "baseline" in job.config),
        configs=len(costs),
    )


def _kind(config: Config) -> str:
    """Write what a step's time depends on: how many there are is counted afterwards."""
    counts = ("steps", "epochs", "eval_every", "eval_at", "snapshots")
    train = {key: value for key, value in config["train"].items() if key not in counts}
    start = {key: value for key, value in train["start"].items() if key != "run"}
    return json.dumps({**config, "train": {**train, "start": start}}, sort_keys=True)


def _load(job: Job, device: str) -> Dataset:
    with relative_to(job.folder):
        return datasets.build(job.config["data"]).to(torch.device(device))


def _measure(config: Config, data: Dataset) -> Cost | str:
    """Measure a config; return why it cannot be, if it raises."""
    try:
        return measure(config, data, STEPS)
    except (Exception, SystemExit) as error:  # it would cost a cell of the table, and here a number
        return one_line(error)
