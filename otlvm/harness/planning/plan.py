"""What is to do: the state of each run of a suite, and how long the rest may take."""

import fnmatch
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from otlvm.harness.job import Job
from otlvm.harness.store.leases import Leases
from otlvm.harness.store.record import DamagedResultError, Record
from otlvm.harness.store.store import Store
from otlvm.harness.store.work_folder import CHECKPOINT

FAILURES = ("failed", "diverged", "timeout")


@dataclass(frozen=True)
class State:
    """What is known of a run.

    Attributes:
        name: ``done``, a failure's status, ``running``, ``interrupted`` (with a checkpoint),
            ``damaged`` or ``to do``.
        record: Its record, if it has one.
        note: Who runs it, why it failed, what is damaged.
    """

    name: str
    record: Record | None = None
    note: str = ""


@dataclass(frozen=True)
class Planned:
    """A run of a suite and its state.

    Attributes:
        job: The run.
        state: Its state.
    """

    job: Job
    state: State

    def wanted(self, rerun: str | None) -> bool:
        """Tell whether this call computes it.

        Args:
            rerun: ``failed``, ``all``, a label or a pattern of labels; None computes what is
                missing.
        """
        if self.state.name not in ("done", *FAILURES):
            return True
        if rerun == "failed":
            return self.state.name in FAILURES
        return rerun is not None and (
            rerun in ("all", self.job.label) or fnmatch.fnmatchcase(self.job.label, rerun)
        )


def look_up(expected: str | Record, store: Store, leases: Leases) -> State:
    """Look up the state of a run.

    Args:
        expected: Its id, or the fields of its identity.
        store: Where results are.
        leases: Who works on what.

    Raises:
        ForeignResultError: If a result is not what its place says.
    """
    run_id = expected if isinstance(expected, str) else expected["id"]
    try:
        record = store.record(expected)
    except DamagedResultError as error:
        return State("damaged", None, str(error))
    if record is not None:
        return State(record["status"], record, record["reason"] or "")
    owner = leases.owner(run_id)
    if owner is not None:
        return State("running", None, owner)
    begun = (store.work / run_id / CHECKPOINT).exists()
    return State("interrupted" if begun else "to do")


def seconds_left(
    states: Iterable[tuple[str, State]], todo: Iterable[tuple[str, float]], slots: int
) -> float | None:
    """Estimate the time that runs will take, from finished ones of the same row, else of any.

    Args:
        states: Label and state of all runs.
        todo: Label, and the part that is left, of each run to come.
        slots: How many run at a time.

    Returns:
        Seconds; None if no run has finished yet.
    """
    known: dict[str, list[float]] = {}
    for label, state in states:
        if state.record is not None and state.name == "done":
            known.setdefault(label, []).append(state.record["wall_seconds"])
    if not known:
        return None
    anywhere = statistics.mean(seconds for row in known.values() for seconds in row)
    typical = {label: statistics.mean(row) for label, row in known.items()}
    return sum(part * typical.get(label, anywhere) for label, part in todo) / slots
