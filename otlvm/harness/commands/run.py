"""What ``python -m benchmarks.run`` does: plan, execute, show."""

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console

from otlvm.harness.commands import arguments as opts
from otlvm.harness.commands.list import print_registries
from otlvm.harness.execution.backends import open_backend
from otlvm.harness.execution.launchers import BackendLostError, Launcher, Processes
from otlvm.harness.execution.progress import Reports, SuiteProgress
from otlvm.harness.execution.scheduler import Scheduler, Task
from otlvm.harness.execution.stops import Stops
from otlvm.harness.job import Job
from otlvm.harness.messages import InputError, show_duration
from otlvm.harness.planning.jobs import choose, resolve, with_starts
from otlvm.harness.planning.lock import LOCK, lock_content, lock_of
from otlvm.harness.planning.plan import FAILURES, Planned, look_up, seconds_left
from otlvm.harness.processes import start_server
from otlvm.harness.store.leases import Leases
from otlvm.harness.store.record import ForeignResultError, Record
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import Suite, find_suite, load_suite
from otlvm.harness.suite.lock_section import Lock
from otlvm.harness.suite.yaml import dump
from otlvm.harness.trackers.tracking import Tracking
from otlvm.harness.worker.machine import environment, threads_each
from otlvm.plugins import find_plugins_in

ALL_DONE, SOME_FAILED, BAD_INPUT, ALL_FAILED, NO_STORAGE, INTERRUPTED = 0, 1, 2, 3, 4, 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = opts.parser().parse_args(arguments)
    if options.suite is not None and options.jobs > 0 and not (options.list or options.dry_run):
        start_server()
    return run_command(options)


def run_command(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    console, errors = Console(), Console(stderr=True)
    if options.list:
        find_plugins_in(Path.cwd())
        print_registries(console)
        return ALL_DONE
    if options.suite is None:
        errors.print("which suite? A file, or one that ships: quick")
        return BAD_INPUT
    try:
        opts.check(options)
        options.suite = find_suite(options.suite)
        device = opts.device(options.device)
        find_plugins_in(options.suite.resolve().parent)
        suite = load_suite(options.suite, dict(opts.assignment(text) for text in options.set))
        jobs = with_starts(resolve(suite, choose(suite, options.only)))
        heed_lock(suite, jobs, device, options, errors)
        mine = with_starts(jobs[opts.shard(options.shard)])
        store = Store(options.out or Path("runs") / suite.name)
        tracking = _tracking(suite, store, errors)
        leases = Leases(store.root / "leases")
        planned = _plan(mine, store, leases)
        if options.dry_run:
            _show_plan(planned, store, options, console)
            return ALL_DONE
        _open(store)
    except InputError as error:
        errors.print(error.message, style="red", markup=False, highlight=False, soft_wrap=True)
        return BAD_INPUT
    except KeyboardInterrupt:
        errors.print("interrupted: nothing was trained")
        return INTERRUPTED
    try:
        shown = {
            "table": suite.table.model_dump(exclude_defaults=True),
            "published": [row.model_dump(exclude_none=True) for row in suite.published],
            "claims": list(suite.claims),
            "figures": [row.model_dump(exclude_defaults=True) for row in suite.figures],
        }
        shown = {section: content for section, content in shown.items() if content}
        store.write_manifest(suite.name, _manifest(suite, jobs, store), **shown)
        lock = _lock(jobs, planned, device, options)
        store.write_text(LOCK, dump(lock_content(suite.name, suite.runs, lock, shown)))
        with tracking:
            with Stops() as stops:
                with open_backend(options, device, stops, store.root) as launcher:
                    _execute(planned, store, leases, launcher, stops, tracking, options, errors)
                if options.serial_timing and not stops.count:
                    _time_alone(mine, store, device, stops, options, errors)
            if stops.count:
                tracking.abandon()
                return _say_interrupted(mine, store, errors)
            code = _finish(mine, store, console, errors)
            tracking.finish_suite()
        return code
    except InputError as error:  # the cluster is not there or not as described
        errors.print(error.message, style="red", markup=False, highlight=False, soft_wrap=True)
        return BAD_INPUT
    except BackendLostError as error:
        errors.print(f"{error}", style="red", markup=False, soft_wrap=True)
        return _say_interrupted(mine, store, errors)
    except OSError as error:
        return _say_no_storage(error, store, errors)


def _plan(jobs: Sequence[Job], store: Store, leases: Leases) -> list[Planned]:
    try:
        return [Planned(job, look_up(job.identity(), store, leases)) for job in jobs]
    except ForeignResultError as error:
        raise InputError(f"{error}\nMove that folder away, or give another --out.") from error


def _tracking(suite: Suite, store: Store, errors: Console) -> Tracking:
    try:
        return Tracking(suite.track, store, suite.name, errors)
    except InputError as error:
        raise InputError(suite.locate(error)) from error


def heed_lock(
    suite: Suite, jobs: list[Job], device: str, options: argparse.Namespace, errors: Console
) -> None:
    """Take a locked suite's number of threads, and say what differs here."""
    if suite.lock is None:
        return
    options.threads = options.threads or suite.lock.threads
    here = environment(torch.device(device))
    for line in suite.lock.differences(jobs, here):
        errors.print(f"{suite.file.path}: {line}", style="yellow", markup=False, soft_wrap=True)


def _lock(
    jobs: list[Job], planned: Sequence[Planned], device: str, options: argparse.Namespace
) -> Lock:
    """Say what the runs ran with: those that are kept, else those that now begin."""
    for item in planned:
        record = item.state.record
        if record and record.get("environment") and not item.wanted(options.rerun):
            ran = record["environment"]
            return lock_of(jobs, ran["device"].partition(":")[0], ran["threads"], ran)
    threads = options.threads
    if options.backend == "local":
        threads = threads_each(options.jobs, threads)
    return lock_of(jobs, device, threads, environment(torch.device(device)))


def _manifest(suite: Suite, jobs: list[Job], store: Store) -> list[Record]:
    """The rows of this call, in the suite's order, and those that ``--only`` left out."""
    rows = {(job.label, job.seed): job.id for job in jobs}
    try:
        before = {(row["label"], row["seed"]): row["id"] for row in store.manifest()["runs"]}
    except (FileNotFoundError, ValueError):
        before = {}
    known = {**before, **rows}
    return [
        {
            "label": run.label,
            "method": run.method,
            "data": run.data,
            "seed": run.seed,
            "id": known[run.label, run.seed],
        }
        for run in suite.runs
        if (run.label, run.seed) in known
    ]


def _show_plan(
    planned: list[Planned], store: Store, options: argparse.Namespace, console: Console
) -> None:
    for item in planned:
        job, state = item.job, item.state
        again = ", run again" if state.record and item.wanted(options.rerun) else ""
        note = f"  ({state.note})" if state.note else ""
        line = f"{state.name}{again}  {job.id}  {job.label}, seed {job.seed}{note}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
        config = f"    {job.config}"
        console.print(config, style="dim", markup=False, highlight=False, soft_wrap=True)
    todo = [(item.job.label, 1.0) for item in planned if item.wanted(options.rerun)]
    states = [(item.job.label, item.state) for item in planned]
    left = seconds_left(states, todo, max(1, options.jobs)) if todo else None
    estimate = "" if left is None else f", about {show_duration(left)} with --jobs {options.jobs}"
    console.print(
        f"{len(planned)} runs, {len(todo)} to compute{estimate}, into {store.root}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _open(store: Store) -> None:
    try:
        store.open_for_writing()
    except OSError as error:
        raise InputError(f"--out {store.root} cannot be written: {error}") from error


def _execute(
    planned: list[Planned],
    store: Store,
    leases: Leases,
    launcher: Launcher,
    stops: Stops,
    tracking: Tracking,
    options: argparse.Namespace,
    errors: Console,
) -> None:
    tasks = []
    with SuiteProgress(len(planned), errors) as progress:
        report = Reports(progress, tracking)
        for item in planned:
            job, state = item.job, item.state
            if not item.wanted(options.rerun):
                store.tidy(job.id, leases)
                report.finish(job, state.record, "kept")
                continue
            if state.name == "damaged":
                place = store.set_aside(store.runs / job.id)
                errors.print(f"{state.note}: kept as {place}, computed again",
                             style="yellow", markup=False, soft_wrap=True)  # fmt: skip
            if options.rerun not in (None, "failed") and state.record is not None:
                shutil.rmtree(store.work / job.id, ignore_errors=True)  # from the start
            tasks.append(Task(job, state.record["digest"] if state.record else None))
        Scheduler(store, leases, launcher, report, stops, options.fail_fast).run(tasks)


def _time_alone(
    jobs: list[Job],
    store: Store,
    device: str,
    stops: Stops,
    options: argparse.Namespace,
    errors: Console,
) -> None:
    """Repeat, one at a time, what was trained beside other runs."""
    timings = store.timings()
    timings.open_for_writing()
    leases = Leases(timings.root / "leases")
    records = [(job, store.record_or_none(job.id)) for job in jobs]
    shared = [job for job, r in records if r and r["status"] == "done" and r["side_by_side"] > 1]
    tasks = []
    for job in shared:
        before = timings.record_or_none(job.id)
        if before is None or before["side_by_side"] > 1:
            tasks.append(Task(job, before["digest"] if before else None))
    if tasks:
        errors.print(f"timing {len(tasks)} runs alone", markup=False)
    launcher = Processes(1, device, options.threads)
    with SuiteProgress(len(tasks), errors) as progress:
        Scheduler(timings, leases, launcher, progress, stops).run(tasks)


def _say_no_storage(error: OSError, store: Store, errors: Console) -> int:
    errors.print(
        f"stopped, because {store.root} cannot be written: {error}\nWhat was finished is kept. "
        f"Make room, and the same command goes on from there.",
        style="red",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    return NO_STORAGE


def _say_interrupted(jobs: list[Job], store: Store, errors: Console) -> int:
    done = sum((store.record_or_none(job.id) or {}).get("status") == "done" for job in jobs)
    errors.print(
        f"interrupted: {done} of {len(jobs)} runs are finished and kept in {store.root}; "
        f"the same command goes on from there",
        markup=False,
        highlight=False,
    )
    return INTERRUPTED


def _finish(jobs: list[Job], store: Store, console: Console, errors: Console) -> int:
    from otlvm.harness.commands import (
        report,
        table,  # seaborn takes seconds, and only this needs it
    )

    table.show(store, console)
    report.show(store, console)
    states = [(store.record_or_none(job.id) or {}).get("status") for job in jobs]
    failed = sum(state in FAILURES for state in states)
    if failed:
        errors.print(
            f"{failed} of {len(jobs)} runs failed; they are tried again with --rerun failed",
            style="red",
            markup=False,
        )
    if all(state == "done" for state in states):
        return ALL_DONE
    return ALL_FAILED if failed == len(states) else SOME_FAILED
