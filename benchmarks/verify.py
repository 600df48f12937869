"""``python -m benchmarks.verify DIR``: rerun a sample of a suite's runs, and compare."""

import argparse
import csv
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks import options as opts
from benchmarks.command import (
    ALL_DONE,
    BAD_INPUT,
    INTERRUPTED,
    NO_STORAGE,
    SOME_FAILED,
    heed_lock,
)
from benchmarks.expand import Run
from benchmarks.job import Job
from benchmarks.launch import Processes
from benchmarks.leases import Leases
from benchmarks.lock_file import LOCK
from benchmarks.metrics import METRICS
from benchmarks.progress import SuiteProgress
from benchmarks.record import Record
from benchmarks.resolve import resolve
from benchmarks.scheduler import Scheduler, Task
from benchmarks.starts import with_starts
from benchmarks.stops import Stops
from benchmarks.store import Store
from benchmarks.suite import Suite, load_suite
from benchmarks.yaml_file import SuiteError
from otlvm.plugins import find_plugins_in

RUNS = "runs.csv"
AGAIN = "'python -m benchmarks.table DIR'"
COMPARED = [metric for metric in METRICS if metric.best is not None]
STYLES = {"equal": "green", "close": "green", "differs": "red"}
Rows = dict[tuple[str, int], dict[str, float]]
"""The metrics of finished runs by label and seed."""


@dataclass(frozen=True)
class Verdict:
    """Whether a run came out the same.

    Attributes:
        how: ``equal`` (to the last bit), ``close`` (within the tolerance) or ``differs``.
        text: The same for a reader, with what differs most.
    """

    how: str
    text: str


def read_rows(path: Path) -> Rows:
    """Read the finished runs of ``runs.csv``, numbers to the last bit and labels as they are.

    Raises:
        SuiteError: If it cannot be read, or is no such table.
    """
    rows: Rows = {}
    line = 1
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for row in (reader := csv.DictReader(file, strict=True)):
                line = reader.line_num
                if row["status"] == "done":
                    texts = {metric.key: row.get(metric.key) for metric in COMPARED}
                    metrics = {key: float(text) for key, text in texts.items() if text}
                    rows[row["label"], int(row["seed"])] = metrics
    except OSError as error:
        raise SuiteError(f"{path} cannot be read: {error}") from error
    except KeyError as error:
        raise SuiteError(f"{path} has no column {error}: draw it again with {AGAIN}") from error
    except (ValueError, TypeError, csv.Error) as error:
        message = f"{path}:{line}: {error}: draw it again with {AGAIN}"
        raise SuiteError(message) from error
    return rows


def judge(before: Mapping[str, float], after: Record | None, tolerance: float) -> Verdict:
    """Compare the metrics of a run and of its repetition; times and memory do not count.

    Args:
        before: Its metrics in ``runs.csv``.
        after: The repetition's record; None if it has none.
        tolerance: The largest relative difference that counts as rounding.
    """
    if after is None or after["status"] != "done":
        status = after["status"] if after else "missing"
        reason = f": {after['reason']}" if after and after["reason"] else ""
        return Verdict("differs", f"{status}{reason}")
    gaps = []
    for metric in COMPARED:
        there, here = before.get(metric.key), after["metrics"].get(metric.key)
        if (there is None) != (here is None):
            return Verdict("differs", f"{metric.title}: {there} there, {here} here")
        if there is not None and here is not None:
            gap = abs(there - here) / max(abs(there), abs(here), 1e-300)
            gaps.append((gap, f"{metric.title}: {there:.6g} there, {here:.6g} here"))
    worst, where = max(gaps, default=(0.0, ""))
    if worst == 0:
        return Verdict("equal", "equal to the last bit")
    if worst <= tolerance:
        return Verdict("close", f"equal to {worst:.1e} ({where})")
    return Verdict("differs", where)


def sample(suite: Suite, rows: Rows, count: int | None, seed: int) -> list[Run]:
    """Draw finished runs at random, of as many labels as possible.

    Args:
        suite: The suite.
        rows: What `read_rows` returns.
        count: How many; None takes all.
        seed: Seed of the draw.
    """
    runs = [run for run in suite.runs if (run.label, run.seed) in rows]
    if count is None:
        return runs
    random.Random(seed).shuffle(runs)  # noqa: S311 (no secret)
    turn: dict[str, int] = {}
    order = []
    for run in runs:  # the first of each label before the second of any
        turn[run.label] = turn.get(run.label, 0) + 1
        order.append(turn[run.label])
    ranked = sorted(range(len(runs)), key=order.__getitem__)
    return [runs[index] for index in ranked[:count]]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = parser().parse_args(arguments)
    console, errors = Console(), Console(stderr=True)
    folder = options.directory
    try:
        _check(options)
        device = opts.device(options.device)
        find_plugins_in(folder)
        suite = load_suite(folder / LOCK)
        rows = read_rows(folder / RUNS)
        runs = sample(suite, rows, None if options.all else options.runs, options.seed)
        if not runs:
            raise SuiteError(f"{folder / RUNS} has no finished run of those in {LOCK}")
        jobs = resolve(suite, runs)
        heed_lock(suite, jobs, device, options, errors)
        verdicts = _repeat(jobs, rows, device, options, errors)
    except SuiteError as error:
        errors.print(error.message, style="red", markup=False, highlight=False, soft_wrap=True)
        return BAD_INPUT
    except KeyboardInterrupt:
        errors.print("interrupted: nothing was compared")
        return INTERRUPTED
    except OSError as error:
        message = f"stopped, because {tempfile.gettempdir()} cannot be written: {error}"
        errors.print(message, style="red", markup=False, highlight=False, soft_wrap=True)
        return NO_STORAGE
    _print(jobs, verdicts, console)
    return SOME_FAILED if any(v.how == "differs" for v in verdicts) else ALL_DONE


def _check(options: argparse.Namespace) -> None:
    """Check the numbers; the command line has said what they are."""
    for name, least in (("runs", 1), ("threads", 1), ("tolerance", 0)):
        value = getattr(options, name)
        if value is not None and not value >= least:  # NaN is refused too
            raise SuiteError(f"--{name} {value}: expected {least} or more")


def _repeat(
    jobs: Sequence[Job], rows: Rows, device: str, options: argparse.Namespace, errors: Console
) -> list[Verdict]:
    """Execute jobs again, elsewhere, and judge each.

    Raises:
        KeyboardInterrupt: If a stop is asked for.
    """
    with tempfile.TemporaryDirectory() as folder, Stops() as stops:
        store = Store(Path(folder))
        store.open_for_writing()
        launcher = Processes(1, device, options.threads)
        with SuiteProgress(len(with_starts(jobs)), errors) as progress:
            tasks = [Task(job, None) for job in with_starts(jobs)]
            Scheduler(store, Leases(store.root / "leases"), launcher, progress, stops).run(tasks)
        if stops.count:
            raise KeyboardInterrupt
        return [
            judge(rows[job.label, job.seed], store.record_or_none(job.id), options.tolerance)
            for job in jobs
        ]


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m benchmarks.verify``."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.verify",
        description="Rerun a sample of a suite's runs and say whether they come out the same.",
        epilog="exit codes: 0 all the same, 1 some differ, 2 the input is wrong, "
        "4 no room for the repetitions, 130 interrupted",
    )
    add = parser.add_argument
    add("directory", type=Path, help=f"a folder with {LOCK} and runs.csv")
    add("--runs", type=int, default=3, metavar="N", help="how many (default: 3)")
    add("--all", action="store_true", help="all of them")
    add("--seed", type=int, default=0, help="seed of the draw")
    add("--tolerance", type=float, default=1e-6, help="relative difference that is rounding")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, metavar="N", help="default: as the runs had")
    return parser


def _print(jobs: Sequence[Job], verdicts: Sequence[Verdict], console: Console) -> None:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("", "seed", "came out"):
        table.add_column(heading, justify="right" if heading == "seed" else "left")
    for job, verdict in zip(jobs, verdicts, strict=True):
        shown = Text(verdict.text, STYLES[verdict.how])
        table.add_row(Text(job.label), str(job.seed), shown)
    console.print(table)
    same = sum(verdict.how != "differs" for verdict in verdicts)
    console.print(f"{same} of {len(jobs)} runs came out the same", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
