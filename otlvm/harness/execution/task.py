"""A run to compute, and what is cleared out of its way first."""

import shutil
from dataclasses import dataclass

from otlvm.harness.execution.progress import Observer
from otlvm.harness.job import Job
from otlvm.harness.store.record import DamagedResultError, ForeignResultError
from otlvm.harness.store.store import Store


@dataclass
class Task:
    """A job, and the result it had when it was planned.

    Attributes:
        job: The job.
        before: Digest of that result; another one means that somebody has computed it since.
        from_scratch: Begin without the checkpoint that it left.
    """

    job: Job
    before: str | None = None
    from_scratch: bool = False


def clear(task: Task, store: Store, observer: Observer) -> None:
    """Clear what is in a run's way.

    Args:
        task: The run, whose lease is ours: nobody else mends what is damaged, or has mended it.
        store: Where results go.
        observer: Who is told what was damaged.
    """
    job = task.job
    try:
        store.record(job.identity())
    except DamagedResultError as error:
        kept = store.set_aside(store.runs / job.id)
        observer.wait(job, f"{error}: kept as {kept}, computed again")
    except ForeignResultError:  # it came after the plan, which refuses it
        return
    if task.from_scratch:
        shutil.rmtree(store.work / job.id, ignore_errors=True)
        task.from_scratch = False
