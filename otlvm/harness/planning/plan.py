"""What one call does: its jobs, the state of each, and which it computes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from otlvm.harness.job import Job
from otlvm.harness.messages import InputError, no_row
from otlvm.harness.planning.identity import Content
from otlvm.harness.planning.jobs import choose, resolve_all, with_starts
from otlvm.harness.planning.state import FAILURES, State, look_up, seconds_left
from otlvm.harness.store.record import ForeignResultError
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import Suite
from otlvm.harness.suite.runs import rows_meant

EVERY_FAILURE, EVERYTHING = "failed", "all"
"""What ``--rerun`` may be besides rows."""


@dataclass(frozen=True)
class Planned:
    """A run of a suite.

    Attributes:
        job: The run.
        state: Its state.
        wanted: Whether this call computes it.
    """

    job: Job
    state: State
    wanted: bool


@dataclass(frozen=True)
class Plan:
    """What one call does.

    Attributes:
        suite: The suite.
        store: Where results go.
        jobs: The jobs of all rows that were asked for, and of those that they start from.
        planned: Those of this call's shard, with their states.
        contents: What the data of these jobs hold, by `data_key`.
        from_scratch: Labels of rows that begin again without the checkpoints that they left.
    """

    suite: Suite
    store: Store
    jobs: list[Job]
    planned: list[Planned]
    contents: Mapping[str, Content] = field(default_factory=dict)
    from_scratch: frozenset[str] = frozenset()

    @cached_property
    def mine(self) -> list[Job]:
        """The jobs of this call."""
        return [item.job for item in self.planned]

    @property
    def todo(self) -> list[Planned]:
        """The runs that this call computes."""
        return [item for item in self.planned if item.wanted]

    @cached_property
    def kept_environment(self) -> Mapping[str, Any] | None:
        """What the first of the results that this call keeps ran with; None if it keeps none."""
        kept = (item.state.record for item in self.planned if not item.wanted)
        return next(
            (record["environment"] for record in kept if record and record["environment"]), None
        )

    def seconds(self, slots: int) -> float | None:
        """Estimate how long this call takes; None if nothing is known or to do."""
        known = ((item.job.label, item.state.seconds) for item in self.planned)
        finished = [(label, seconds) for label, seconds in known if seconds is not None]
        todo = [(item.job.label, 1.0) for item in self.todo]
        return seconds_left(finished, todo, max(1, slots)) if todo else None


def make_plan(
    suite: Suite,
    store: Store,
    only: Sequence[str] = (),
    shard: slice = slice(None),
    rerun: str | None = None,
) -> Plan:
    """Resolve what a call shall do.

    Args:
        suite: The suite.
        store: Where results go.
        only: The rows, by labels or patterns; all without one.
        shard: Which of their runs.
        rerun: Which results are computed again.

    Raises:
        InputError: If something is wrong that can be known before training.
    """
    again = _again(suite, rerun)
    resolved = resolve_all(suite, choose(suite, only))
    jobs = with_starts(resolved.jobs)
    mine = with_starts(jobs[shard])
    planned = []
    for job, state in zip(mine, _states(mine, store), strict=True):
        has_result = state.name in ("done", *FAILURES)
        failed = rerun == EVERY_FAILURE and state.name in FAILURES
        wanted = not has_result or failed or job.label in again
        planned.append(Planned(job, state, wanted))
    return Plan(suite, store, jobs, planned, resolved.contents, frozenset(again))


def _again(suite: Suite, rerun: str | None) -> set[str]:
    """Return the labels whose results are computed again, whatever became of them."""
    labels = {run.label for run in suite.runs}
    if rerun is None or (rerun == EVERY_FAILURE and rerun not in labels):
        return set()
    if rerun == EVERYTHING:
        return labels
    meant = {row.label for row in rows_meant(rerun, (run.row for run in suite.runs))}
    if not meant:
        raise InputError(f"--rerun {rerun}: {no_row(rerun, (run.label for run in suite.runs))}")
    return meant


def _states(jobs: Sequence[Job], store: Store) -> list[State]:
    try:
        return [look_up(job.identity(), store) for job in jobs]
    except ForeignResultError as error:
        raise InputError(f"{error}\nMove that folder away, or give another --out.") from error
