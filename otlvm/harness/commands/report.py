"""``python -m benchmarks.report DIR``: write the report again, from the records alone."""

import argparse

from rich.console import Console

from otlvm.harness.commands.arguments import show_store, store_parser
from otlvm.harness.comparison.card import card
from otlvm.harness.comparison.records import read_records
from otlvm.harness.report.page import write_report
from otlvm.harness.store.store import Store
from otlvm.harness.tables.write import views_of


def show(store: Store, console: Console) -> None:
    """Write ``report.html`` beside the records, and say so."""
    records = read_records(store)
    path = store.root / "report.html"
    views, _ = views_of(store, records)
    write_report(store, views, records, path, card(records))
    line = f"{path}: {len(records)} runs, {path.stat().st_size / 2**20:.1f} MiB"
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m benchmarks.report``."""
    return store_parser("report", __doc__)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return show_store(parser(), show, arguments)
