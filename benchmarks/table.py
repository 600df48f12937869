"""``python -m benchmarks.table DIR``: draw tables and figures again, from the records alone."""

from rich.console import Console

from benchmarks.figures import write_figures
from benchmarks.store import Store
from benchmarks.store_command import show_store
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
    return show_store("table", __doc__, show, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
