"""``python -m benchmarks.table DIR``: draw tables and figures again, from the records alone."""

import argparse
from pathlib import Path

from rich.console import Console

from benchmarks.figures import write_figures
from benchmarks.store import Store
from benchmarks.tables import print_tables, read_records, summarize, write_tables


def show(store: Store, console: Console) -> None:
    """Print the tables of a store and write them and its figure beside its records."""
    records = read_records(store)
    summary = summarize(records)
    name = store.manifest()["name"]
    print_tables(summary, name, console)
    written = write_tables(records, summary, name, store.root)
    written += [path.name for path in write_figures(store, records)]
    console.print(f"in {store.root}: {', '.join(written)}", markup=False, highlight=False)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table", description=__doc__)
    parser.add_argument("directory", type=Path, help="what --out was when the suite ran")
    directory = parser.parse_args(arguments).directory
    try:
        show(Store(directory), Console())
    except (OSError, ValueError) as error:
        Console(stderr=True).print(f"{error}", style="red", markup=False)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
