"""One call's jobs, from plan to committed results; and repetitions for times, or to compare."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from otlvm.harness.execution.backends import Place, open_backend
from otlvm.harness.execution.launchers import Launcher, Processes
from otlvm.harness.execution.progress import Observer, Observers, SuiteProgress
from otlvm.harness.execution.scheduler import Scheduler
from otlvm.harness.execution.stops import Stops
from otlvm.harness.execution.task import Task
from otlvm.harness.job import Job
from otlvm.harness.messages import say
from otlvm.harness.planning.plan import Plan, Planned
from otlvm.harness.planning.state import MOST_LISTED, USUAL
from otlvm.harness.store.store import Store


def run_plan(
    plan: Plan,
    place: Place,
    stops: Stops,
    observer: Observer,
    console: Console,
    fail_fast: bool = False,
) -> None:
    """Compute what a plan wants, and tell of what is kept.

    Args:
        plan: What to do.
        place: Where.
        stops: Requests to stop.
        observer: Who is told, besides the console.
        console: Where progress is drawn.
        fail_fast: Stop at the first run that is not done.

    Raises:
        InputError: If a cluster is not there or not as described.
        BackendLostError: If what executes runs is gone.
        OSError: If a result cannot be written.
    """
    with (
        open_backend(place, stops, plan.store.root) as launcher,
        SuiteProgress(len(plan.planned), console) as progress,
    ):
        observers = Observers(progress, observer)
        kept = [item for item in plan.planned if not item.wanted]
        many = len(kept) > MOST_LISTED
        for item in kept:
            plan.store.tidy(item.job.id)
            told = observer if many and item.state.name in USUAL else observers
            told.finish(item.job, item.state.record, "kept")
        if many:
            progress.skip(sum(item.state.name in USUAL for item in kept))
        now = plan.store.leases.now()
        tasks = [_task(item, plan, now) for item in in_turn(plan.todo)]
        Scheduler(plan.store, launcher, observers, stops, fail_fast).run(tasks)


def in_turn(todo: Sequence[Planned]) -> list[Planned]:
    """Order runs so that what is learnt once is there when others need it.

    Clusterings come first: what they learn on the way, the others take from the shelf. Of runs with
    the same start, data and seed, one comes before other work and the rest after it: beside each
    other they would wait for what the first learns.
    """
    before = Counter[str]()

    def turn(item: Planned) -> int:
        config = item.job.config
        if "baseline" in config:
            return -1
        learnt = [config["train"]["start"], config["data"], item.job.seed]
        key = json.dumps(learnt, sort_keys=True)
        before[key] += 1
        return before[key]

    return sorted(todo, key=turn)


def _task(item: Planned, plan: Plan, now: float) -> Task:
    """Return the task of a run; one that is computed again learns all of it again."""
    job, record = item.job, item.state.record
    if record is None:
        return Task(job)
    again = replace(job, learnt_since=now)
    return Task(again, record["digest"], from_scratch=job.label in plan.from_scratch)


def time_alone(plan: Plan, place: Place, stops: Stops, console: Console) -> None:
    """Repeat, one at a time, what was trained beside other runs: for the columns of times."""
    timings = plan.store.timings()
    timings.open_for_writing()
    tasks = []
    for job in plan.mine:
        record = plan.store.record_or_none(job.id)
        if record and record["status"] == "done" and record["side_by_side"] > 1:
            before = timings.record_or_none(job.id)
            if before is None or before["status"] != "done" or before["side_by_side"] > 1:
                tasks.append(Task(job, before["digest"] if before else None))
    if tasks:
        say(console, f"timing {len(tasks)} runs alone")
    launcher = Processes(1, place.device, place.threads)
    execute(tasks, timings, launcher, stops, console, models=plan.store)
    for task in tasks if not stops.count else ():
        _say_if_not_timed(task.job, timings, console)


def _say_if_not_timed(job: Job, timings: Store, console: Console) -> None:
    """Say that a row keeps the times that it had beside other runs, and why."""
    record = timings.record_or_none(job.id)
    if record is None or record["status"] != "done":
        why = f"{record['status']}, {record['reason']}" if record else "it has no result"
        say(console, f"{job.label}, seed {job.seed}: not timed alone: {why}; its times are those "
            "beside other runs, until the same command times it", "yellow")  # fmt: skip


def repeat(jobs: Sequence[Job], store: Store, place: Place, stops: Stops, console: Console) -> None:
    """Execute jobs once more, into a store of their own."""
    store.open_for_writing()
    tasks = [Task(job) for job in jobs]
    execute(tasks, store, Processes(place.jobs, place.device, place.threads), stops, console)


def execute(
    tasks: Sequence[Task],
    store: Store,
    launcher: Launcher,
    stops: Stops,
    console: Console,
    models: Store | None = None,
) -> None:
    """Execute tasks, with bars on a terminal; see `Scheduler`."""
    with SuiteProgress(len(tasks), console) as progress:
        Scheduler(store, launcher, progress, stops, models=models).run(tasks)
