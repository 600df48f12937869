"""Lay out and write a store's tables, from its records alone."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from otlvm.harness.comparison.claims import NO_CURVES
from otlvm.harness.comparison.records import BUILT, FACTS, read_curves
from otlvm.harness.comparison.summary import long_form, summarize
from otlvm.harness.escapes.csv import to_csv
from otlvm.harness.metrics import known_metrics
from otlvm.harness.store.files import replacing
from otlvm.harness.store.store import Store
from otlvm.harness.suite.claims_section import parse_claim
from otlvm.harness.suite.published_section import Published
from otlvm.harness.suite.table_section import TableOptions
from otlvm.harness.tables.html import with_notes
from otlvm.harness.tables.latex import to_latex
from otlvm.harness.tables.layout import lay_out, lay_out_claims, lay_out_published
from otlvm.harness.tables.markdown import to_markdown
from otlvm.harness.tables.view import View


def views_of(store: Store, records: pd.DataFrame) -> tuple[list[View], pd.DataFrame]:
    """Lay a store's tables out as its suite asks for.

    Returns:
        The comparison, what became of the suite's claims and what the literature reports; and the
        summary behind the first.
    """
    manifest = store.manifest()
    options = TableOptions.model_validate(manifest.get("table", {}))
    published = [Published.model_validate(row) for row in manifest.get("published", [])]
    known = known_metrics(manifest)
    summary = summarize(records, options.needed(known))
    comparison = lay_out(records, summary, manifest["name"], options, known)
    claims = manifest.get("claims", [])
    curves = _curves(claims, store, records)
    checked = [lay_out_claims(claims, records, curves, options.overlaid(known))] if claims else []
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
        records: What `read_records` returns: ``runs.csv``, one row per run.
        summary: What `summarize` returns: ``table.csv``, one row per label, and
            ``table_long.csv``, one per label and metric.
        views: What is shown: ``table.md``, ``table.tex`` and ``table.html``.
        folder: Where to.

    Returns:
        The files' names.
    """
    texts = {
        "runs.csv": to_csv(records.drop(columns=["short", *FACTS, *BUILT], errors="ignore")),
        "table.csv": to_csv(summary.reset_index()),
        "table_long.csv": to_csv(long_form(summary)),
        "table.md": to_markdown(views),
        "table.tex": to_latex(views),
        "table.html": "".join(map(with_notes, views)),
    }
    for name, text in texts.items():
        with replacing(folder / name) as aside:
            aside.write_text(text, encoding="utf-8")
    return list(texts)
