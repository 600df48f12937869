"""Before a long suite: a step of each config that trains, in a process of its own."""

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from otlvm.harness.config import set_field
from otlvm.harness.execution.backends import Place
from otlvm.harness.job import START_FIELD, Job
from otlvm.harness.messages import InputError
from otlvm.harness.planning.plan import Plan
from otlvm.harness.processes import kill_group, processes, start, start_server
from otlvm.harness.worker.smoke import smoke_alone

LONG = 10_000
"""Steps of all runs: a suite that has fewer is over about as soon as its first steps."""
SECONDS = 60.0
"""How long a step may take; whatever takes longer is left to training."""


def smoke(plan: Plan, place: Place) -> None:
    """Take a step of each config that a plan trains, if it trains for long.

    Args:
        plan: The plan.
        place: Where its runs will train.

    Raises:
        InputError: If a config cannot take one; names its row.
    """
    jobs = [item.job for item in plan.todo if "baseline" not in item.job.config]
    here = place.backend == "local" and place.jobs > 0
    if here and sum(job.config["train"]["steps"] for job in jobs) >= LONG:
        device = "cuda:0" if place.device == "cuda" else place.device
        _try([job.on(device, place.threads) for job in _one_of_each(jobs)])


def _one_of_each(jobs: Sequence[Job]) -> list[Job]:
    """Return a job of each config; how long it trains makes no other."""
    found: dict[str, Job] = {}
    for job in jobs:
        config: dict[str, Any] = job.config
        for name in ("steps", "epochs", "eval_every", "eval_at", "snapshots"):
            config = set_field(config, f"train.{name}", None)
        if job.start is not None:
            config = set_field(config, START_FIELD, "")
        found.setdefault(json.dumps(config, sort_keys=True), job)
    return list(found.values())


def _try(jobs: list[Job]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        while jobs:
            jobs = jobs[_steps(jobs, Path(scratch) / "log.txt") :]


def _steps(jobs: list[Job], log: Path) -> int:
    """Take a step of each job until one takes too long; return how many were looked at.

    Raises:
        InputError: If one cannot be taken.
    """
    start_server()
    ours, theirs = processes.Pipe()
    process = processes.Process(target=smoke_alone, args=(jobs, log, theirs))
    start(process)
    theirs.close()
    try:
        for count, job in enumerate(jobs):
            until = time.monotonic() + SECONDS
            if not ours.poll(max(0.0, until - time.monotonic())):
                return count + 1
            try:
                told = ours.recv()
            except EOFError:
                process.join(5)
                told = f"the process ended with exit code {process.exitcode}"
            if told is not None:
                raise InputError(
                    f"{job.label}, seed {job.seed}: its first step fails: {told}\n"
                    "Nothing was trained; --no-smoke leaves out this test."
                )
        return len(jobs)
    finally:
        kill_group(process)
        process.join()
        ours.close()
