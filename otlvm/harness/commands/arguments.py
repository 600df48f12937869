"""The command line's options, read and checked."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from otlvm.harness.messages import InputError
from otlvm.harness.store.store import Store
from otlvm.harness.suite.yaml import parse
from otlvm.wording import cut

ALL_DONE, SOME_FAILED, BAD_INPUT, ALL_FAILED, NO_STORAGE, INTERRUPTED = 0, 1, 2, 3, 4, 130
EXIT_CODES = """\
exit codes: 0 all runs are done, 1 some failed, 2 the input is wrong (nothing was trained),
3 all failed, 4 results cannot be written, 130 interrupted (the same command goes on from there)"""


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m benchmarks.run``."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.run",
        description="Train a suite's runs and compare them.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("suite", type=Path, nargs="?", help="its YAML file, or the name of one that ships: quick")
    add("--out", type=Path, metavar="DIR", help="default: runs/<suite's name>")
    add("--list", action="store_true", help="print every name a suite can use")
    what = parser.add_argument_group("which runs")
    add = what.add_argument
    add("--only", metavar="LABEL-GLOB", help="the rows whose label matches")
    add("--set", metavar="PATH=VALUE", action="append", default=[],
        help="a field of every run, such as train.steps=100 or seeds=[0]; repeatable")  # fmt: skip
    add("--dry-run", action="store_true", help="print each run's state and stop")
    add("--rerun", metavar="failed|all|LABEL-GLOB",
        help="compute again what has a result: failures (going on from their checkpoints), "
        "everything, or the rows whose label matches")  # fmt: skip
    add("--shard", metavar="I/N", help="every N-th run, beginning with the I-th, from 1")
    add("--fail-fast", action="store_true", help="stop at the first run that fails")
    how = parser.add_argument_group("where and how")
    add = how.add_argument
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--jobs", type=int, default=1, metavar="N",
        help="runs at a time, each in a process of its own; 0: in this process, for a debugger, "
        "without isolation and timeout")  # fmt: skip
    add("--backend", choices=("local", "dask"), default="local",
        help="processes here, or Dask workers: --jobs of them here, or those of")  # fmt: skip
    add("--scheduler", metavar="ADDRESS", help="a running Dask scheduler, such as tcp://host:8786")
    add("--cluster", type=Path, metavar="FILE",
        help="a queue's cluster (Slurm, PBS, SGE, LSF); examples: benchmarks/clusters")  # fmt: skip
    add("--serial-timing", action="store_true",
        help="afterwards, train what was trained beside other runs once more, alone, for the "
        "columns of times")  # fmt: skip
    add("--threads", type=int, metavar="N", help="threads of each run (default: cores / jobs)")
    return parser


def device(name: str) -> str:
    """Resolve ``auto`` and check that there is a GPU if one is asked for.

    Raises:
        InputError: If there is none.
    """
    import torch  # takes seconds; the command line's help does not need it

    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: no CUDA device is available; use --device cpu or auto")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


def assignment(text: str) -> tuple[str, Any]:
    """Read the value of ``--set``.

    Raises:
        InputError: If it is not PATH=VALUE.
    """
    path, equals, value = text.partition("=")
    if not equals or not path:
        raise InputError(f"--set {cut(text)}: expected PATH=VALUE, such as train.steps=100")
    try:
        return path, parse(value)
    except InputError as error:
        raise InputError(f"--set {cut(text)}: {error.message}") from error


def shard(text: str | None) -> slice:
    """Read the value of ``--shard`` as a slice of the runs.

    Raises:
        InputError: If it is not I/N with 1 <= I <= N.
    """
    if text is None:
        return slice(None)
    part, _, count = text.partition("/")
    if not (part.isdecimal() and count.isdecimal() and 1 <= int(part) <= int(count)):
        raise InputError(f"--shard {text}: expected I/N with I from 1 to N, such as 1/4")
    return slice(int(part) - 1, None, int(count))


def check(options: argparse.Namespace) -> None:
    """Check the numbers of jobs and threads, and what goes together.

    Raises:
        InputError: If something does not fit.
    """
    if options.jobs < 0:
        raise InputError(f"--jobs {options.jobs}: expected 1 or more, or 0 for this process")
    if options.backend != "dask" and (options.scheduler or options.cluster):
        raise InputError("--scheduler and --cluster need --backend dask")
    if options.scheduler and options.cluster:
        raise InputError("--scheduler or --cluster, not both")
    if options.backend == "dask" and options.jobs == 0:
        raise InputError("--jobs 0 executes in this process, --backend dask elsewhere: choose one")
    if options.threads is not None and options.threads < 1:
        raise InputError(f"--threads {options.threads}: expected 1 or more")


def store_parser(name: str, description: str | None) -> argparse.ArgumentParser:
    """Return the parser of ``python -m benchmarks.NAME DIR``."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=description)
    parser.add_argument("directory", type=Path, help="what --out was when the suite ran")
    return parser


def show_store(
    parser: argparse.ArgumentParser,
    show: Callable[[Store, Console], None],
    arguments: list[str] | None,
) -> int:
    """Parse ``DIR``, show what it holds, and return the exit code: 2 if it holds no results."""
    directory = parser.parse_args(arguments).directory
    try:
        show(Store(directory), Console())
    except (OSError, ValueError) as error:
        Console(stderr=True).print(f"{error}", style="red", markup=False, soft_wrap=True)
        return 2
    return 0
