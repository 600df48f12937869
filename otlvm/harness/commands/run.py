"""``otlvm run SUITE``: train a suite's runs and compare them."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from otlvm.harness.code.trust import allow_plugins, remember
from otlvm.harness.commands import arguments as args
from otlvm.harness.commands import dry_run, streams
from otlvm.harness.commands.arguments import (
    ALL_DONE,
    BAD_INPUT,
    INTERRUPTED,
    call,
)
from otlvm.harness.commands.ending import finish, say_interrupted, say_no_storage
from otlvm.harness.commands.named import write_plan
from otlvm.harness.messages import InputError, one_screen, say
from otlvm.harness.planning.read import read_suite
from otlvm.harness.processes import start_server
from otlvm.harness.store.store import Store
from otlvm.harness.suite.load import Suite, find_suite

if TYPE_CHECKING:  # they need torch, which takes seconds: a mistake in the suite is told before
    from otlvm.harness.execution.backends import Place
    from otlvm.harness.execution.estimate import Estimate
    from otlvm.harness.planning.plan import Plan
    from otlvm.harness.trackers.tracking import Tracking

EXIT_CODES = """\
exit codes: 0 all runs are done, 1 some failed, 2 the input is wrong (nothing was trained),
3 all failed, 4 results cannot be written, 130 interrupted (the same command goes on from there)"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = "Train a suite's runs and compare them."
    parser.epilog = EXIT_CODES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("suite", type=Path, nargs="?", help="its YAML file, or the name of one that ships: quick")
    add("--out", type=Path, metavar="DIR", help="default: runs/<suite's name>")
    add("--force", action="store_true",
        help="write into a folder that holds other files, or another suite's results")  # fmt: skip
    args.add_trust(parser)
    add("--list", action="store_true", help="print every name a suite can use")
    what = parser.add_argument_group("which runs")
    add = what.add_argument
    add("--only", metavar="LABEL-GLOB", action="append", default=[],
        help="the rows of a label or pattern; repeatable")  # fmt: skip
    add("--set", metavar="PATH=VALUE", action="append", default=[],
        help="a field of every run, such as train.steps=100 or seeds=[0]; repeatable")  # fmt: skip
    add("--dry-run", action="store_true", help="print each run's state and stop")
    add("--time", action="store_true",
        help="with --dry-run: time a few steps of each config and say how long runs may "
        "take")  # fmt: skip
    add("--rerun", metavar="failed|all|LABEL-GLOB",
        help="compute again what has a result: failures (going on from their checkpoints), "
        "everything, or the rows of a label or pattern")  # fmt: skip
    add("--shard", metavar="I/N", help="every N-th run, beginning with the I-th, from 1")
    add("--no-smoke", dest="smoke", action="store_false",
        help="begin a long suite without a first step of each config, which shows in seconds what "
        "would fail in hours")  # fmt: skip
    add("--fail-fast", action="store_true", help="stop at the first run that fails")
    how = parser.add_argument_group("where and how")
    add = how.add_argument
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--jobs", type=args.jobs, metavar="auto|N",
        help="runs at a time, each in a process of its own; auto: as many as cores and memory "
        "allow (default, but 1 where the suite asks for times, and with Dask); 0: in this process, "
        "for a debugger, without isolation and timeout")  # fmt: skip
    add("--backend", choices=("local", "dask"), default="local",
        help="processes here, or Dask workers: --jobs of them here, or those of --scheduler or "
        "--cluster")  # fmt: skip
    add("--scheduler", metavar="ADDRESS", help="a running Dask scheduler, such as tcp://host:8786")
    add("--cluster", type=Path, metavar="FILE",
        help="a queue's cluster (Slurm, PBS, SGE, LSF); examples: benchmarks/clusters")  # fmt: skip
    add("--serial-timing", action="store_true",
        help="afterwards, train what was trained beside other runs once more, alone, for the "
        "columns of times")  # fmt: skip
    add("--threads", type=int, metavar="N", help="threads of each run (default: cores / jobs)")


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    console, errors = streams.output(), streams.errors()
    if options.list:
        from otlvm.harness.commands import list as listing

        return listing.run(options)
    try:
        suite = _read(options)
        if options.jobs != 0 and not options.dry_run:
            start_server()  # it imports torch while we do the same
        plan, place = _plan(suite, options, errors)
        for line in (*_differences(plan, place), *_remarks(plan, place)):
            say(errors, f"{suite.file.path}: {line}", "yellow")
        tracking = _tracking(suite, plan.store, errors)
        if options.dry_run:
            dry_run.show(plan, place.jobs, console, _timed(plan, place, options, errors))
            return ALL_DONE
        if options.smoke:
            _smoke(plan, place)
        _open(plan.store, suite.name, options.force)
    except InputError as error:
        say(errors, error.message, "red")
        return BAD_INPUT
    except OSError as error:  # a name that is too long, for example
        say(errors, one_screen(f"{error}"), "red")
        return BAD_INPUT
    except KeyboardInterrupt:
        say(errors, "interrupted: nothing was trained")
        return INTERRUPTED
    return _execute(plan, place, tracking, options, console, errors)


def _read(options: argparse.Namespace) -> Suite:
    args.check(options)
    if options.suite is None:
        raise InputError("which suite? A file, or one that ships: quick")
    suite = read_suite(find_suite(options.suite), args.assignments(options.set))
    allow_plugins(suite.plugins(), suite.folder, suite.lock is not None, options.trust)
    if options.cluster is not None:
        from otlvm.harness.execution.cluster_file import read_cluster_file

        read_cluster_file(options.cluster)
    return suite


def _plan(suite: Suite, options: argparse.Namespace, errors: Console) -> "tuple[Plan, Place]":
    """Resolve what to do and where, which needs torch and the data."""
    from otlvm.harness.execution.backends import Place
    from otlvm.harness.execution.side_by_side import share
    from otlvm.harness.planning.plan import make_plan

    device = args.device(options.device)
    store = Store(options.out or Path("runs") / suite.name)
    shard = args.shard(options.shard)
    plan = make_plan(suite, store, options.only, shard, options.rerun)
    threads = options.threads or (suite.lock.threads if suite.lock else None)
    asked = 1 if options.jobs is None and options.backend == "dask" else options.jobs
    shared = share(plan, asked, threads, device, options.serial_timing)
    if shared.note and plan.todo:
        say(errors, shared.note)
    return plan, Place(
        device=device,
        jobs=shared.jobs,
        threads=shared.threads,
        backend=options.backend,
        scheduler=options.scheduler,
        cluster=options.cluster,
        search=suite.file.path.parent,
    )


def _differences(plan: "Plan", place: "Place") -> Sequence[str]:
    """Say what may make results differ from those that the suite was locked with."""
    if plan.suite.lock is None:
        return ()
    from otlvm.harness.worker.machine import environment

    return list(plan.suite.lock.differences(plan.jobs, environment(place.device)))


def _remarks(plan: "Plan", place: "Place") -> Sequence[str]:
    """Say what results lack that the suite asks for now, and what is slow here."""
    from otlvm.harness.planning.metrics import asked_later
    from otlvm.harness.planning.precision import slow_here

    return [*asked_later(plan), *slow_here(plan.jobs, place.device)]


def _tracking(suite: Suite, store: Store, errors: Console) -> "Tracking":
    from otlvm.harness.trackers.tracking import Tracking

    try:
        return Tracking(suite.track, store, suite.name, errors)
    except InputError as error:
        raise InputError(suite.locate(error)) from error


def _open(store: Store, suite: str, force: bool) -> None:
    """Open the store; refuse to replace files of somebody else's, or of another suite."""
    if not force and store.foreign():
        raise InputError(
            f"--out {store.root} holds other files, which ours might replace: name an empty or new "
            "folder, or say --force"
        )
    try:
        before = store.manifest()["name"]
    except (FileNotFoundError, ValueError):
        before = suite
    if not force and before != suite:
        raise InputError(
            f"--out {store.root} holds the results of suite {before!r}, and this is {suite!r}: its "
            "tables would be replaced. Name another folder, or say --force"
        )
    try:
        store.open_for_writing()
    except OSError as error:
        raise InputError(f"--out {store.root} cannot be written: {error}") from error
    remember(store.root)


def _timed(
    plan: "Plan", place: "Place", options: argparse.Namespace, errors: Console
) -> "Estimate | None":
    """Time a few steps of each config, if that is asked for."""
    if not options.time:
        return None
    from otlvm.harness.execution.estimate import STEPS, estimate

    say(errors, f"timing {STEPS} steps of each config")
    return estimate(plan, place)


def _smoke(plan: "Plan", place: "Place") -> None:
    """Take a step of each config of a long suite."""
    from otlvm.harness.execution.smoke import smoke

    smoke(plan, place)


def _execute(
    plan: "Plan",
    place: "Place",
    tracking: "Tracking",
    options: argparse.Namespace,
    console: Console,
    errors: Console,
) -> int:
    """Compute what is to do, and write what it comes to."""
    from otlvm.harness.execution.launchers import BackendLostError
    from otlvm.harness.execution.session import run_plan, time_alone
    from otlvm.harness.execution.stops import Stops

    try:
        write_plan(plan, place, errors)
        with tracking:
            with Stops() as stops:
                run_plan(plan, place, stops, tracking, errors, options.fail_fast)
                if options.serial_timing and not stops.count:
                    time_alone(plan, place, stops, errors)
            if stops.count:
                tracking.abandon()
                return say_interrupted(plan.mine, plan.store, errors)
            write_plan(plan, place)
            code = finish(plan.mine, plan.store, console, errors)
            tracking.finish_suite()
        return code
    except InputError as error:  # the cluster is not there or not as described
        say(errors, error.message, "red")
        return BAD_INPUT
    except BackendLostError as error:
        say(errors, f"{error}", "red")
        return say_interrupted(plan.mine, plan.store, errors)
    except OSError as error:
        return say_no_storage(error, plan.store, errors)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.run``; returns the exit code."""
    return call("run", add_arguments, run, arguments)
