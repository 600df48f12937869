"""The state of each run, and how long the rest may take."""

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from otlvm.harness.store.record import DamagedResultError, Record
from otlvm.harness.store.store import Store

FAILURES = ("failed", "diverged", "timeout", "memory")
USUAL = ("done", "to do")
MOST_LISTED = 1000
"""Of more runs, those of usual states are counted, not listed."""


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

    @property
    def seconds(self) -> float | None:
        """How long it took, if it is done."""
        return (self.record["wall_seconds"] or 0.0) if self.record and self.name == "done" else None


def look_up(expected: str | Mapping[str, Any], store: Store) -> State:
    """Look up the state of a run.

    Args:
        expected: Its id, or the fields of its identity.
        store: Where results are.

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
    owner = store.leases.owner(run_id)
    if owner is not None:
        return State("running", None, owner)
    return State("interrupted" if store.has_checkpoint(run_id) else "to do")


def seconds_left(
    finished: Iterable[tuple[str, float]], todo: Iterable[tuple[str, float]], slots: int
) -> float | None:
    """Estimate the time that runs will take, from finished ones of the same row, else of any.

    Args:
        finished: Label and seconds of each run that is done.
        todo: Label, and the part that is left, of each run to come.
        slots: How many run at a time.

    Returns:
        Seconds; None if no run has finished yet.
    """
    known: dict[str, list[float]] = {}
    for label, seconds in finished:
        known.setdefault(label, []).append(seconds)
    if not known:
        return None
    anywhere = statistics.mean(seconds for row in known.values() for seconds in row)
    typical = {label: statistics.mean(row) for label, row in known.items()}
    return sum(part * typical.get(label, anywhere) for label, part in todo) / slots
