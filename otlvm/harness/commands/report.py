"""``otlvm report DIR``: draw the figures and write the report again, from the records alone."""

import argparse
from typing import TYPE_CHECKING

from otlvm.harness.commands.arguments import add_directory, call, show_store
from otlvm.harness.messages import say

if TYPE_CHECKING:
    from rich.console import Console

    from otlvm.harness.report.outputs import Content
    from otlvm.harness.store.store import Store


def show(store: "Store", console: "Console") -> None:
    """Draw the figures of a store, write ``report.html`` beside the records, and say so."""
    from otlvm.harness.report.outputs import draw_figures, read_content

    content = read_content(store)
    _, left_out = draw_figures(store, content)
    for line in left_out:
        say(console, line, "yellow")
    show_content(store, content, console)


def show_content(store: "Store", content: "Content", console: "Console") -> None:
    """Write the page of what was read, and of figures that are drawn."""
    from otlvm.harness.report.outputs import write_page

    path, runs = write_page(store, content)
    say(console, f"{path}: {runs} runs, {path.stat().st_size / 2**20:.1f} MiB")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_directory(parser, __doc__)


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    return show_store(options.directory, show)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.report``; returns the exit code."""
    return call("report", add_arguments, run, arguments)
