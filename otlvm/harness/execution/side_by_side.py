"""How many runs train at a time, and with how many threads each, where nobody says it."""

from dataclasses import dataclass

import torch

from otlvm.harness.planning.metrics import asks_for_times
from otlvm.harness.planning.plan import Plan
from otlvm.harness.worker.given import cores, memory_mb

RUN_MB = 2048
"""What a run is taken to need where the suite sets no limit; the largest of ours needs less."""


@dataclass(frozen=True)
class Share:
    """What each run gets of the machine.

    Attributes:
        jobs: How many runs at a time.
        threads: Torch's threads of each; None shares the cores out.
        note: What a user has to know who did not choose it; may be empty.
    """

    jobs: int
    threads: int | None
    note: str = ""


def share(
    plan: Plan, asked: int | str | None, threads: int | None, device: str, timed_alone: bool
) -> Share:
    """Share the cores of this machine out among the runs of a plan.

    Args:
        plan: The plan.
        asked: How many at a time; ``auto`` chooses; None does so too, unless times are asked for.
        threads: Threads of each, if somebody said it.
        device: ``cpu`` or ``cuda``.
        timed_alone: Whether times will be measured afterwards, alone.
    """
    if isinstance(asked, int):
        return Share(asked, threads)
    most = _most(plan, threads, device)
    if asked is None and not timed_alone and most.jobs > 1 and asks_for_times(plan.suite):
        note = "one run at a time, for the suite asks for times; --jobs auto trains"
        return Share(1, threads, f"{note} {most.jobs}")
    return most


def _most(plan: Plan, threads: int | None, device: str) -> Share:
    """Train as many runs at a time as fit, with the threads that results had which are kept."""
    as_kept = ""
    if threads is None and plan.kept_environment is not None:
        threads, as_kept = min(plan.kept_environment["threads"], cores()), ", as kept results had"
    suite = plan.suite
    jobs, each = fit_in(len(suite.runs), threads, device, suite.limits.memory_mb)
    if jobs == each == 1 or (jobs == 1 and not as_kept):
        return Share(jobs, each)
    runs = f"{jobs} runs" if jobs > 1 else "one run"
    of = f"{each} threads" if each > 1 else "1 thread"
    note = f"{runs} at a time, of {of} each{as_kept}; --jobs and --threads say otherwise"
    return Share(jobs, each, note)


def fit_in(
    runs: int, threads: int | None, device: str, run_mb: int | None = None
) -> tuple[int, int]:
    """Return how many runs this machine takes at a time, and how many threads each has.

    As many as there are cores, with one thread each; or the cores are shared out. A second run does
    nearly twice the work of one, a second thread does not. The number of threads changes results in
    the last digits, so it follows from a suite and a machine, and from no clock.

    Args:
        runs: How many runs there are: all of a suite, not just what is left to do.
        threads: Threads of each, if they are given.
        device: ``cpu``, or ``cuda``, where each GPU takes one.
        run_mb: MiB of memory that a run may need; None takes `RUN_MB`.
    """
    slots = torch.cuda.device_count() if device == "cuda" else cores() // (threads or 1)
    jobs = max(1, min(slots, memory_mb() // (run_mb or RUN_MB), runs))
    return jobs, threads or max(1, cores() // jobs)
