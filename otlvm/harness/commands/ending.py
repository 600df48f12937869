"""How a call of ``otlvm run`` ends: what is written and said, and the exit code."""

from collections.abc import Sequence

from rich.console import Console

from otlvm.harness.commands.arguments import (
    ALL_DONE,
    ALL_FAILED,
    INTERRUPTED,
    NO_STORAGE,
    SOME_FAILED,
)
from otlvm.harness.job import Job
from otlvm.harness.messages import say
from otlvm.harness.store.store import Store


def say_no_storage(error: OSError, store: Store, errors: Console) -> int:
    """Say that there is no room; returns the exit code."""
    say(errors, f"stopped, because {store.root} cannot be written: {error}\nWhat was finished is "
        "kept. Make room, and the same command goes on from there.", "red")  # fmt: skip
    return NO_STORAGE


def say_interrupted(jobs: Sequence[Job], store: Store, errors: Console) -> int:
    """Say what a stop leaves; returns the exit code."""
    records = [store.record_or_none(job.id) for job in jobs]
    done = sum(record is not None and record["status"] == "done" for record in records)
    say(errors, f"interrupted: {done} of {len(jobs)} runs are finished and kept in {store.root}; "
        "the same command goes on from there")  # fmt: skip
    return INTERRUPTED


def finish(jobs: Sequence[Job], store: Store, console: Console, errors: Console) -> int:
    """Write tables, figures and page, then print; returns the exit code that the runs make."""
    from otlvm.harness.commands import report, table  # seaborn takes seconds
    from otlvm.harness.comparison.records import NO_RECORD
    from otlvm.harness.planning.state import FAILURES
    from otlvm.harness.report.outputs import read_content

    content = read_content(store)
    table.show_content(store, content, console)
    report.show_content(store, content, console)
    read = dict(content.records[["id", "status"]].to_numpy())
    states = [read.get(job.id) or _status(store, job) for job in jobs]
    failed = sum(state in FAILURES for state in states)
    if failed:
        say(errors, f"{failed} of {len(jobs)} runs failed; they are tried again with "
            "--rerun failed", "red")  # fmt: skip
    if missing := sum(state in (None, *NO_RECORD) for state in states):
        say(errors, f"{missing} of {len(states)} runs have no result; the same command computes "
            "them", "yellow")  # fmt: skip
    if all(state == "done" for state in states):
        return ALL_DONE
    return ALL_FAILED if failed == len(states) else SOME_FAILED


def _status(store: Store, job: Job) -> str | None:
    """Return what became of a run that the tables do not show: another call wrote them last."""
    record = store.record_or_none(job.id)
    return None if record is None else record["status"]
