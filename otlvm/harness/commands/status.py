"""``otlvm status DIR``: how far a suite is, while it runs or afterwards."""

import argparse
from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from otlvm.harness.commands.arguments import add_directory, call, show_store
from otlvm.harness.messages import show_duration
from otlvm.harness.planning.state import FAILURES, State, look_up, seconds_left
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
    states = [(cell, _state(cell["id"], store)) for cell in manifest["runs"]]
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("state", "run", "seed", "progress"):
        table.add_column(heading, justify="right" if heading == "seed" else "left")
    left: list[tuple[str, float]] = []
    for cell, state in states:
        progress = store.progress(cell["id"]) if state.record is None else None
        if state.record is None:
            done = progress["step"] / progress["steps"] if progress else 0.0
            left.append((cell["label"], 1 - done))
        style = STYLES.get(state.name, "")
        shown = Text(printable(_progress(progress, state)))
        table.add_row(
            Text(state.name, style), Text(printable(cell["label"])), str(cell["seed"]), shown
        )
    console.print(table)
    counts = Counter(state.name for _, state in states)
    running = max(1, counts["running"])
    total = [(cell["label"], state) for cell, state in states]
    seconds = seconds_left(total, left, running) if left else None
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
    if state.record is not None and state.name == "done":
        parts.append(show_duration(state.record["wall_seconds"] or 0.0))
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
