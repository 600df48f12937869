"""``python -m benchmarks.table DIR``: draw tables and figures again, from the records alone."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console

from benchmarks import card
from benchmarks.claim_check import NO_CURVES, lay_out_claims
from benchmarks.claims import parse_claim
from benchmarks.figures import asked_for, write_figures
from benchmarks.figures.curves import read_curves
from benchmarks.formats import to_latex, to_markdown
from benchmarks.layout import lay_out, lay_out_published
from benchmarks.report import to_html
from benchmarks.statistics import long_form
from benchmarks.store import Store
from benchmarks.store_command import show_store, store_parser
from benchmarks.table_schema import Published, TableOptions
from benchmarks.tables import FACTS, read_records, summarize
from benchmarks.terminal import print_view
from benchmarks.view import View
from benchmarks.whole import whole


def show(store: Store, console: Console) -> None:
    """Print the tables of a store and write them and its figures beside its records."""
    records = read_records(store)
    views, summary = views_of(store, records)
    for view in views:
        print_view(view, console)
    written = write_tables(records, summary, views, store.root)
    store.write_text("card.md", card.to_markdown(card.card(records)))

    def say(line: str) -> None:
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)

    figures = write_figures(store, records, asked_for(store), say)
    written += ["card.md", *(path.name for path in figures)]
    console.print(f"in {store.root}: {', '.join(written)}", markup=False, highlight=False)


def views_of(store: Store, records: pd.DataFrame) -> tuple[list[View], pd.DataFrame]:
    """Lay a store's tables out as its suite asks for.

    Returns:
        The comparison, what became of the suite's claims and what the literature reports; and the
        summary behind the first.
    """
    manifest = store.manifest()
    options = TableOptions.model_validate(manifest.get("table", {}))
    published = [Published.model_validate(row) for row in manifest.get("published", [])]
    summary = summarize(records, options.needed())
    comparison = lay_out(records, summary, manifest["name"], options)
    claims = manifest.get("claims", [])
    checked = [lay_out_claims(claims, records, _curves(claims, store, records))] if claims else []
    return [comparison, *checked, *lay_out_published(published)], summary


def _curves(claims: Sequence[str], store: Store, records: pd.DataFrame) -> pd.DataFrame:
    """Read the learning curves, if a claim is about a step."""
    terms = [term for text in claims for term in parse_claim(text).terms()]
    return read_curves(store, records) if any(t.step is not None for t in terms) else NO_CURVES


def write_tables(
    records: pd.DataFrame, summary: pd.DataFrame, views: list[View], folder: Path
) -> list[str]:
    """Write tidy data and the tables as they are shown.

    Args:
        records: What `read_records` returns: ``runs.csv``, a row a run.
        summary: What `summarize` returns: ``table.csv``, a row a label, and ``table_long.csv``, a
            row a label and metric.
        views: What is shown: ``table.md``, ``table.tex`` and ``table.html``.
        folder: Where to.

    Returns:
        The files' names.
    """
    texts = {
        "runs.csv": records.drop(columns=["short", *FACTS]).to_csv(index=False),
        "table.csv": summary.to_csv(),
        "table_long.csv": long_form(summary).to_csv(index=False),
        "table.md": to_markdown(views),
        "table.tex": to_latex(views),
        "table.html": "".join(map(to_html, views)),
    }
    for name, text in texts.items():
        with whole(folder / name) as aside:
            aside.write_text(text, encoding="utf-8")
    return list(texts)


def parser() -> argparse.ArgumentParser:
    """Return the parser of ``python -m benchmarks.table``."""
    return store_parser("table", __doc__)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    return show_store(parser(), show, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
