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
    """Train as many runs at a time as there are cores, one thread each; or share the cores out.

    A second run does twice the work of one, a second thread never. The number of threads changes
    results in the last digits, so it depends on the suite and the machine alone: not on what of the
    suite is left to do, nor on a clock. Results that are kept have been trained with a number of
    threads, and what joins them is trained with the same.
    """
    if threads is None and plan.kept_environment is not None:
        threads = min(plan.kept_environment["threads"], cores())
    slots = torch.cuda.device_count() if device == "cuda" else cores() // (threads or 1)
    room = memory_mb() // (plan.suite.limits.memory_mb or RUN_MB)
    jobs = max(1, min(slots, room, len(plan.suite.runs)))
    each = threads or max(1, cores() // jobs)
    shown = f"{each} thread{'s' if each > 1 else ''}"
    note = f"{jobs} runs at a time, of {shown} each; --jobs and --threads say otherwise"
    return Share(jobs, each, note if jobs > 1 else "")
