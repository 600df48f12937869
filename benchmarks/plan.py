"""What is to do: the state of each run of a suite, and how long the rest may take."""

import fnmatch
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.job import Job
from benchmarks.leases import Leases
from benchmarks.record import DamagedResultError, Record
from benchmarks.store import Store

FAILURES = ("failed", "diverged", "timeout")


@dataclass(frozen=True)
class Planned:
    """One run and what is known of it.

    Attributes:
        job: The run.
        state: ``done``, a failure's status, ``running``, ``interrupted`` (with a checkpoint),
            ``damaged`` or ``to do``.
        record: Its record, if it has one.
        note: Who runs it, why it failed, what is damaged.
    """

    job: Job
    state: str
    record: Record | None = None
    note: str = ""

    def wanted(self, rerun: str | None) -> bool:
        """Tell whether this call computes it.

        Args:
            rerun: ``failed``, ``all``, a label or a pattern of labels; None computes what is
                missing.
        """
        if self.state not in ("done", *FAILURES):
            return True
        if rerun == "failed":
            return self.state in FAILURES
        return rerun is not None and (
            rerun in ("all", self.job.label) or fnmatch.fnmatchcase(self.job.label, rerun)
        )


def plan(jobs: Sequence[Job], store: Store, leases: Leases) -> list[Planned]:
    """Look up the state of each job.

    Raises:
        ForeignResultError: If a result is not what its place says.
    """
    return [_look_up(job, store, leases) for job in jobs]


def _look_up(job: Job, store: Store, leases: Leases) -> Planned:
    try:
        record = store.record(job.identity())
    except DamagedResultError as error:
        return Planned(job, "damaged", None, str(error))
    if record is not None:
        return Planned(job, record["status"], record, record["reason"] or "")
    owner = leases.owner(job.id)
    if owner is not None:
        return Planned(job, "running", None, owner)
    begun = (store.work / job.id / "checkpoint").exists()
    return Planned(job, "interrupted" if begun else "to do")


def seconds_left(planned: Sequence[Planned], todo: Sequence[Planned], slots: int) -> float | None:
    """Estimate the time that runs will take, from finished ones of the same row, else of any.

    Args:
        planned: All runs.
        todo: The runs to come.
        slots: How many run at a time.

    Returns:
        Seconds; None if no run has finished yet.
    """
    known: dict[str, list[float]] = {}
    for item in planned:
        if item.record is not None and item.state == "done":
            known.setdefault(item.job.label, []).append(item.record["wall_seconds"])
    if not known:
        return None
    anywhere = statistics.mean(seconds for row in known.values() for seconds in row)
    typical = {label: statistics.mean(row) for label, row in known.items()}
    return sum(typical.get(item.job.label, anywhere) for item in todo) / slots


def show_duration(seconds: float) -> str:
    """Write a duration, such as ``2 h 05 min`` or ``40 s``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
