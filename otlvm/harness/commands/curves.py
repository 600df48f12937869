"""``otlvm curves DIR``: the learning curves of all runs in one file, curves.csv.

A command of its own since a suite of thousands of runs has hundreds of thousands of rows.
"""

import argparse
from typing import TYPE_CHECKING

from otlvm.harness.commands.arguments import add_directory, call, show_store

if TYPE_CHECKING:
    from rich.console import Console

    from otlvm.harness.store.store import Store

FILE = "curves.csv"


def show(store: "Store", console: "Console") -> None:
    """Write the curves beside the records, ``label``, ``seed`` and ``step`` first; and say so.

    Raises:
        ValueError: If no run has a curve.
    """
    from otlvm.harness.comparison.records import read_curves, read_records
    from otlvm.harness.escapes.csv import to_csv

    curves = read_curves(store, read_records(store))
    if curves.empty:
        raise ValueError(f"{store.root}: no run has a learning curve yet")
    keys = ["label", "seed", "step"]
    rest = [column for column in curves.columns if column not in keys]
    store.write_text(FILE, to_csv(curves[[*keys, *rest]]))
    line = f"{store.root / FILE}: {len(curves)} rows"
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_directory(parser, __doc__)


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    return show_store(options.directory, show)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.curves``; returns the exit code."""
    return call("curves", add_arguments, run, arguments)
