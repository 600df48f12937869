"""Arguments that commands share, read and checked; exit codes."""

import argparse
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from otlvm.harness.config import PLACES
from otlvm.harness.messages import InputError, one_screen, say
from otlvm.wording import cut, flow

if TYPE_CHECKING:  # nothing is imported for a command that is only asked for its help
    from rich.console import Console

    from otlvm.harness.store.store import Store

AUTO = "auto"
MOST_JOBS, MOST_THREADS = 1_000, 1_024
MOST_SHARD = 40
"""Characters; Python reads no number of 5,000 digits."""
ALL_DONE, SOME_FAILED, BAD_INPUT, ALL_FAILED, NO_STORAGE, INTERRUPTED = 0, 1, 2, 3, 4, 130


GIVEN = "_given"
"""What of a namespace holds the values that were given as options."""


class _Once(argparse.Action):
    """Keeps an option's value; argparse itself would drop the first of two without a word."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Keep the value.

        Raises:
            argparse.ArgumentError: If there was another.
        """
        if option_string is not None:
            given = vars(namespace).setdefault(GIVEN, {})  # a default may be given, too
            first = given.setdefault(self.dest, values)
            if first is not values and first != values:
                both = f"{cut(str(first))} and {cut(str(values))}"
                raise argparse.ArgumentError(self, f"given twice: {both}")
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """Reads a command line; what is wrong with it fits on a screen, and no value is dropped."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register("action", None, _Once)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and end."""
        super().error(one_screen(message))


def device(name: str) -> str:
    """Resolve ``auto`` and check that there is a GPU if one is asked for.

    Raises:
        InputError: If there is none.
    """
    import torch

    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: no CUDA device is available; use --device cpu or auto")
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return name


def jobs(text: str) -> int | str:
    """Read the value of ``--jobs``: a number, or ``auto``.

    Raises:
        argparse.ArgumentTypeError: If it is neither.
    """
    try:
        return text if text == AUTO else int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected auto or a number, got {text!r}") from None


def assignment(text: str) -> tuple[str, Any]:
    """Read the value of ``--set``.

    Raises:
        InputError: If it is not PATH=VALUE.
    """
    from otlvm.harness.suite.yaml import parse

    path, equals, value = text.partition("=")
    if not equals or not path:
        raise InputError(f"--set {cut(text)}: expected PATH=VALUE, such as train.steps=100")
    try:
        return path, _from_here(path, parse(value))
    except InputError as error:
        raise InputError(f"--set {cut(text)}: {error.message}") from error


def assignments(texts: Sequence[str]) -> dict[str, Any]:
    """Read all values of ``--set``.

    Raises:
        InputError: If one is not PATH=VALUE, or a field is given twice.
    """
    read: dict[str, Any] = {}
    for text in texts:
        path, value = assignment(text)
        if path in read:
            raise InputError(f"--set {path} is given twice: {flow(read[path])} and {flow(value)}")
        read[path] = value
    return read


def _from_here(path: str, value: Any) -> Any:
    """Let a relative path of data start where the command was typed, not at the suite's file."""
    if path == "data" and isinstance(value, dict):
        return {key: _from_here(f"data.{key}", inner) for key, inner in value.items()}
    place = path.removeprefix("data.") in PLACES and path.startswith("data.")
    if place and isinstance(value, str) and not value.startswith("~"):
        return str(Path.cwd() / value)
    return value


def shard(text: str | None) -> slice:
    """Read the value of ``--shard`` as a slice of the runs.

    Raises:
        InputError: If it is not I/N with 1 <= I <= N.
    """
    if text is None:
        return slice(None)
    part, _, count = text[:MOST_SHARD].partition("/")
    if not (
        len(text) < MOST_SHARD
        and part.isdecimal()
        and count.isdecimal()
        and 1 <= int(part) <= int(count)
    ):
        raise InputError(f"--shard {cut(text)}: expected I/N with I from 1 to N, such as 1/4")
    return slice(int(part) - 1, None, int(count))


def check(options: argparse.Namespace) -> None:
    """Check the numbers of jobs and threads, and what goes together.

    Raises:
        InputError: If something does not fit.
    """
    if options.time and not options.dry_run:
        raise InputError("--time goes with --dry-run: it times a few steps, and trains nothing")
    if isinstance(options.jobs, int) and not 0 <= options.jobs <= MOST_JOBS:
        raise InputError(f"--jobs {options.jobs}: expected 1 to {MOST_JOBS}, or 0 for this process")
    if options.backend != "dask" and (options.scheduler or options.cluster):
        raise InputError("--scheduler and --cluster need --backend dask")
    if options.scheduler and options.cluster:
        raise InputError("--scheduler or --cluster, not both")
    if options.backend == "dask" and options.jobs == 0:
        raise InputError("--jobs 0 executes in this process, --backend dask elsewhere: choose one")
    if options.backend == "dask" and options.jobs == AUTO:
        raise InputError(
            "--jobs auto shares out this machine, and --backend dask has workers: say how many"
        )
    check_threads(options.threads)


def check_threads(threads: int | None) -> None:
    """Check a number of threads: torch ends the interpreter when it cannot start so many.

    Raises:
        InputError: If there cannot be so many.
    """
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise InputError(f"--threads {threads}: expected 1 to {MOST_THREADS}")


def add_trust(parser: argparse.ArgumentParser) -> None:
    """Say that a command may execute plug-ins that lie in a stranger's folder."""
    parser.add_argument(
        "--trust", action="store_true",
        help="execute the plug-ins in the folder of a lock that you did not make, now and later",
    )  # fmt: skip


def add_directory(parser: argparse.ArgumentParser, description: str | None) -> None:
    """Say that a command takes a folder of results."""
    parser.description = description
    parser.add_argument("directory", type=Path, help="what --out was when the suite ran")


def show_store(directory: Path, show: "Callable[[Store, Console], None]") -> int:
    """Show what a folder holds; returns the exit code: 2 if it holds no results."""
    from otlvm.harness.commands import streams
    from otlvm.harness.store.store import Store

    try:
        with _seldom_collecting():
            show(Store(directory), streams.output())
    except (OSError, ValueError) as error:
        say(streams.errors(), one_screen(f"{error}"), "red")
        return BAD_INPUT
    return ALL_DONE


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for garbage less often: records make none, and thousands of them are looked through."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def call(
    name: str,
    add_arguments: Callable[[argparse.ArgumentParser], None],
    run: Callable[[argparse.Namespace], int],
    arguments: list[str] | None,
) -> int:
    """Do what ``python -m benchmarks.NAME`` does; returns the exit code."""
    parser = Parser(prog=f"python -m benchmarks.{name}")
    add_arguments(parser)
    return within_memory(run, parser.parse_args(arguments))


def within_memory(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; returns its exit code, or that of no storage where memory runs out.

    That of a run is its own, and costs one cell.
    """
    try:
        return run(options)
    except MemoryError as error:
        from otlvm.harness.commands import streams

        told = f": {error}" if f"{error}" else ""
        message = f"memory ran out{told}; what is finished is kept: try again where there is more"
        say(streams.errors(), one_screen(message), "red")
        return NO_STORAGE
