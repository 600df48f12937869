"""``otlvm agreement DIR``: do a row's seeds find the same components? No labels."""

import argparse
from typing import TYPE_CHECKING

from otlvm.harness.commands.arguments import add_directory, call, show_store

if TYPE_CHECKING:
    from rich.console import Console

    from otlvm.harness.store.store import Store

NOTE = (
    "agreed: exp of the mean mutual information of two seeds' likeliest components over the same "
    "held-out images, from 1 (collapsed, or unrelated) to K. Labels are not used."
)


def show(store: "Store", console: "Console") -> None:
    """Print the agreement of each row, and write it beside the records."""
    import numpy as np

    from otlvm.harness.comparison.agreement import FILE, read_agreement
    from otlvm.harness.comparison.records import read_records
    from otlvm.harness.escapes.csv import to_csv
    from otlvm.harness.tables.layout import MISSING
    from otlvm.harness.tables.terminal import print_view
    from otlvm.harness.tables.view import Cell, Column, Group, View

    frame = read_agreement(store, read_records(store))
    store.write_text(FILE, to_csv(frame))
    rows = [
        [
            Cell(label, label),
            Cell(str(n), n),
            Cell(MISSING if np.isnan(agreed) else f"{agreed:.2f}", agreed),
        ]
        for label, n, agreed in frame.itertuples(index=False)
    ]
    columns = [Column(name, numeric=name != "", key=name == "") for name in ("", "n", "agreed")]
    print_view(View("Agreement of seeds", columns, [Group("", rows)], NOTE), console)
    console.print(f"in {store.root}: {FILE}", markup=False, highlight=False)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_directory(parser, __doc__)


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    return show_store(options.directory, show)


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.agreement``; returns the exit code."""
    return call("agreement", add_arguments, run, arguments)
