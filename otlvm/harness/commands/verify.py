"""``otlvm verify DIR``: rerun a sample of a suite's runs, and compare."""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from otlvm.harness.code.trust import allow_plugins
from otlvm.harness.commands import arguments as args
from otlvm.harness.commands.arguments import (
    ALL_DONE,
    BAD_INPUT,
    INTERRUPTED,
    NO_STORAGE,
    SOME_FAILED,
    call,
)
from otlvm.harness.job import Job
from otlvm.harness.messages import InputError, say
from otlvm.harness.metrics import METRICS, Metric, known_metrics
from otlvm.harness.suite.lock_section import LOCK
from otlvm.wording import printable

if TYPE_CHECKING:
    from rich.console import Console

    from otlvm.harness.comparison.repetitions import Rows, Verdict
    from otlvm.harness.suite.load import Suite
    from otlvm.harness.suite.runs import Run

STYLES = {"equal": "green", "close": "green", "differs": "red", "nothing": "yellow"}
SAME = ("equal", "close")


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    from otlvm.harness.commands import streams

    console, errors = streams.output(), streams.errors()
    try:
        _check(options)
        jobs, verdicts = _repeat(*_sample(options), options, errors)
    except InputError as error:
        say(errors, error.message, "red")
        return BAD_INPUT
    except KeyboardInterrupt:
        say(errors, "interrupted: nothing was compared")
        return INTERRUPTED
    except OSError as error:
        say(errors, f"stopped, because {tempfile.gettempdir()} cannot be written: {error}", "red")
        return NO_STORAGE
    _print(jobs, verdicts, console)
    return ALL_DONE if all(verdict.how in SAME for verdict in verdicts) else SOME_FAILED


def _sample(options: argparse.Namespace) -> "tuple[Suite, list[Run], Rows]":
    """Read a folder and draw from its runs, which needs no torch.

    Raises:
        InputError: If the folder holds no lock and finished runs of it.
    """
    from otlvm.harness.comparison.repetitions import RUNS, read_rows, sample
    from otlvm.harness.suite.load import load_suite

    folder = options.directory
    suite = load_suite(folder / LOCK)
    allow_plugins(suite.plugins(), folder, locked=True, trust=options.trust)
    rows = read_rows(folder / RUNS, _metrics(folder))
    runs = sample(suite, rows, None if options.all else options.runs, options.seed)
    if not runs:
        raise InputError(f"{folder / RUNS} has no finished run of those in {LOCK}")
    return suite, runs, rows


def _repeat(
    suite: "Suite",
    runs: "list[Run]",
    rows: "Rows",
    options: argparse.Namespace,
    errors: "Console",
) -> "tuple[list[Job], list[Verdict]]":
    """Execute runs again, elsewhere, and judge each.

    Raises:
        KeyboardInterrupt: If a stop is asked for.
    """
    from otlvm.harness.comparison.repetitions import judge
    from otlvm.harness.execution.backends import Place
    from otlvm.harness.execution.session import repeat
    from otlvm.harness.execution.side_by_side import fit_in
    from otlvm.harness.execution.stops import Stops
    from otlvm.harness.planning.jobs import resolve, with_starts
    from otlvm.harness.store.store import Store
    from otlvm.harness.worker.machine import environment

    device = args.device(options.device)
    there = {key for row in rows.values() for key in row}  # what was asked for later is not
    metrics = [metric for metric in _metrics(options.directory) if metric.key in there]
    jobs = resolve(suite, runs)
    threads = options.threads
    if suite.lock is not None:
        threads = threads or suite.lock.threads
        for line in suite.lock.differences(jobs, environment(device)):
            say(errors, f"{suite.file.path}: {line}", "yellow")
    at_a_time = 1
    if threads is not None:
        at_a_time, _ = fit_in(len(jobs), threads, device, suite.limits.memory_mb)
    with tempfile.TemporaryDirectory() as scratch, Stops() as stops:
        store = Store(Path(scratch))
        repeat(with_starts(jobs), store, Place(device, at_a_time, threads), stops, errors)
        if stops.count:
            raise KeyboardInterrupt
        return jobs, [
            judge(
                rows[job.label, job.seed], store.record_or_none(job.id), options.tolerance, metrics
            )
            for job in jobs
        ]


def _metrics(folder: Path) -> Sequence[Metric]:
    """Return a folder's metrics: ours alone if it is no store, but a lock and its table."""
    from otlvm.harness.store.store import Store

    try:
        return known_metrics(Store(folder).manifest())
    except (FileNotFoundError, ValueError):
        return METRICS


def _check(options: argparse.Namespace) -> None:
    """Check the numbers; the command line has said what they are."""
    args.check_threads(options.threads)
    for name, least in (("runs", 1), ("tolerance", 0)):
        value = getattr(options, name)
        if value is not None and not value >= least:  # NaN is refused too
            raise InputError(f"--{name} {value}: expected {least} or more")


def _print(jobs: Sequence[Job], verdicts: "Sequence[Verdict]", console: "Console") -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("", "seed", "came out"):
        table.add_column(heading, justify="right" if heading == "seed" else "left")
    for job, verdict in zip(jobs, verdicts, strict=True):
        shown = Text(printable(verdict.text), STYLES[verdict.how])
        table.add_row(Text(printable(job.label)), str(job.seed), shown)
    console.print(table)
    same = sum(verdict.how in SAME for verdict in verdicts)
    console.print(f"{same} of {len(jobs)} runs came out the same", highlight=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = "Rerun a sample of a suite's runs and say whether they come out the same."
    parser.epilog = (
        "exit codes: 0 all the same, 1 some differ or have nothing to compare, "
        "2 the input is wrong, 4 no room for the repetitions, 130 interrupted"
    )
    add = parser.add_argument
    add("directory", type=Path, help=f"a folder with {LOCK} and runs.csv")
    add("--runs", type=int, default=3, metavar="N", help="how many (default: 3)")
    add("--all", action="store_true", help="all of them")
    add("--seed", type=int, default=0, help="seed of the draw")
    add("--tolerance", type=float, default=1e-6, help="relative difference that is rounding")
    args.add_trust(parser)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, metavar="N", help="default: as the runs had")


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.verify``; returns the exit code."""
    return call("verify", add_arguments, run, arguments)
