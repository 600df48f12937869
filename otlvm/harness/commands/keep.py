"""``otlvm keep DIR TARGET``: a copy without models, for a repository, a paper or a colleague.

Tables, figures and the report are drawn from it as from the whole, and ``otlvm run SUITE --out
TARGET`` goes on from it. Only rows that start from a trained model need that model once more.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from otlvm.harness.commands.arguments import add_directory, call, show_store

if TYPE_CHECKING:
    from rich.console import Console

    from otlvm.harness.store.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_directory(parser, __doc__)
    parser.add_argument("target", type=Path, help="where the copy goes: new, or an earlier copy")
    parser.add_argument(
        "--no-pictures",
        action="store_true",
        help="leave out pictures too, a hundred times the size of a record: figures of images and "
        "matrices cannot be drawn from the copy",
    )


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""

    def show(store: "Store", console: "Console") -> None:
        from otlvm.harness.store.light import copy_without_models
        from otlvm.harness.store.store import Store

        count = copy_without_models(store, Store(options.target), not options.no_pictures)
        line = f"{options.target}: {count} results without models"
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    return show_store(options.directory, show)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.keep``; returns the exit code."""
    return call("keep", add_arguments, run, arguments)
