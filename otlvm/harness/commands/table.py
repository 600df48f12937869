"""``python -m benchmarks.table DIR``: draw tables and figures again, from the records alone."""

import argparse

from rich.console import Console

from otlvm.harness.commands.arguments import show_store, store_parser
from otlvm.harness.comparison.card import card, to_markdown
from otlvm.harness.comparison.records import read_records
from otlvm.harness.figures.write import asked_for, write_figures
from otlvm.harness.store.store import Store
from otlvm.harness.tables.terminal import print_view
from otlvm.harness.tables.write import views_of, write_tables


def show(store: Store, console: Console) -> None:
    """Print the tables of a store and write them and its figures beside its records."""
    records = read_records(store)
    views, summary = views_of(store, records)
    for view in views:
        print_view(view, console)
    written = write_tables(records, summary, views, store.root)
    store.write_text("card.md", to_markdown(card(records)))

    def say(line: str) -> None:
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)

    figures = write_figures(store, records, asked_for(store), say)
    written += ["card.md", *(path.name for path in figures)]
    console.print(f"in {store.root}: {', '.join(written)}", markup=False, highlight=False)


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m benchmarks.table``."""
    return store_parser("table", __doc__)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return show_store(parser(), show, arguments)
