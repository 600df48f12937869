"""``otlvm table DIR``: draw tables and figures again, from the records alone."""

import argparse
from typing import TYPE_CHECKING

from otlvm.harness.commands.arguments import add_directory, call, show_store
from otlvm.harness.messages import say

if TYPE_CHECKING:
    from rich.console import Console

    from otlvm.harness.report.outputs import Content
    from otlvm.harness.store.store import Store


def show(store: "Store", console: "Console") -> None:
    """Write the tables and figures of a store beside its records, then print the tables."""
    from otlvm.harness.report.outputs import read_content

    show_content(store, read_content(store), console)


def show_content(store: "Store", content: "Content", console: "Console") -> None:
    """Do the same with what was read."""
    from otlvm.harness.report.outputs import write_outputs
    from otlvm.harness.tables.terminal import print_view

    written = write_outputs(store, content)
    for view in written.views:
        print_view(view, console)
    for line in written.left_out:
        say(console, line, "yellow")
    files = f"in {store.root}: {', '.join(written.names)}"
    console.print(files, markup=False, highlight=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_directory(parser, __doc__)


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    return show_store(options.directory, show)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.table``; returns the exit code."""
    return call("table", add_arguments, run, arguments)
