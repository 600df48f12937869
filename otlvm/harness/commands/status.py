"""``otlvm status DIR``: how far a suite is, while it runs or afterwards."""

import argparse
from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from otlvm.harness.commands.arguments import add_directory, call, show_store
from otlvm.harness.messages import say, show_duration
from otlvm.harness.planning.state import (
    FAILURES,
    MOST_LISTED,
    USUAL,
    State,
    look_up,
    seconds_left,
)
from otlvm.harness.store.record import ForeignResultError
from otlvm.harness.store.store import Store
from otlvm.wording import printable

STYLES = {"done": "green", "running": "cyan", **dict.fromkeys(FAILURES, "red")}


def show_status(store: Store, console: Console) -> None:
    """Print the state of every run, and about how long the rest takes.

    Raises:
        FileNotFoundError: If the directory is no store.
        ValueError: If its manifest is damaged.
    """
    manifest = store.manifest()
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("state", "run", "seed", "progress"):
        table.add_column(heading, justify="right" if heading == "seed" else "left")
    counts: Counter[str] = Counter()
    finished: list[tuple[str, float]] = []
    left: list[tuple[str, float]] = []
    many = len(manifest["runs"]) > MOST_LISTED
    for cell in manifest["runs"]:  # no record is kept: twenty thousand fill a memory
        state, label = _state(cell["id"], store), cell["label"]
        counts[state.name] += 1
        progress = store.progress(cell["id"]) if state.record is None else None
        if state.record is None:
            left.append((label, 1 - progress["step"] / progress["steps"] if progress else 1.0))
        if state.seconds is not None:
            finished.append((label, state.seconds))
        if table.row_count < MOST_LISTED and not (many and state.name in USUAL):
            shown = Text(printable(_progress(progress, state)))
            name = Text(state.name, STYLES.get(state.name, ""))
            table.add_row(name, Text(printable(label)), str(cell["seed"]), shown)
    if table.row_count:
        console.print(table)
    if many:
        say(console, f"{counts.total() - table.row_count:,} runs are counted, not listed")
    seconds = seconds_left(finished, left, max(1, counts["running"])) if left else None
    estimate = "" if seconds is None else f"; about {show_duration(seconds)} left"
    summary = ", ".join(f"{count} {name}" for name, count in counts.items())
    console.print(f"{manifest['name']}: {summary}{estimate}", markup=False, highlight=False)


def _state(run_id: str, store: Store) -> State:
    try:
        return look_up(run_id, store)
    except ForeignResultError as error:
        return State("foreign", None, str(error).splitlines()[0])


def _progress(progress: dict[str, Any] | None, state: State) -> str:
    parts = []
    if progress:
        parts.append(f"step {progress['step']:.0f} of {progress['steps']}")
    if state.note:
        parts.append(state.note)
    if state.seconds is not None:
        parts.append(show_duration(state.seconds))
    return ", ".join(parts)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_directory(parser, __doc__)


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    return show_store(options.directory, show_status)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.status``; returns the exit code."""
    return call("status", add_arguments, run, arguments)
