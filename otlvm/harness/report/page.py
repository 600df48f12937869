"""The page of a suite, in one file."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from otlvm.harness.escapes.html import templates_in
from otlvm.harness.report.sections import MOST_SECTIONS, choose_runs, sections
from otlvm.harness.report.small_curves import HEIGHT, WIDTH
from otlvm.harness.report.suite_figures import suite_figures
from otlvm.harness.store.files import replacing
from otlvm.harness.store.store import Store
from otlvm.harness.tables.html import notes_of, to_html
from otlvm.harness.tables.view import View

FOLDER = Path(__file__).parent
TEMPLATES = templates_in(FOLDER)


def write_report(
    store: Store,
    views: Sequence[View],
    records: pd.DataFrame,
    path: Path,
    card: Mapping[str, str] | None = None,
) -> None:
    """Write tables, figures and every run's section as one page that needs nothing else.

    Args:
        store: Where the records, and the figures drawn before, are.
        views: The tables.
        records: What `otlvm.harness.comparison.records.read_records` gives.
        path: The file to write.
        card: What reproducing the suite takes, name and value.
    """
    chosen = choose_runs(records)
    page = TEMPLATES.get_template("template.html").stream(
        suite=store.manifest()["name"],
        root=str(store.root),
        when=_when(records),
        written=datetime.now(UTC),
        counts=records["status"].value_counts().to_dict(),
        rows=records["label"].nunique(),
        views=[(view, to_html(view), notes_of(view)) for view in views],
        figures=suite_figures(store.root),
        runs=sections(store, chosen),
        shown=len(chosen),
        total=len(records),
        most=MOST_SECTIONS,
        card=card or {},
        curve_size=(WIDTH, HEIGHT),
        style=own_text("style.css"),
        script=own_text("script.js"),
    )
    with replacing(path) as aside:
        page.dump(str(aside), encoding="utf-8")


def _when(records: pd.DataFrame) -> tuple[datetime, datetime] | None:
    """When the first run began and the last one ended."""
    began = [*records["started"].dropna()]  # None: it was killed
    ended = [*records["finished"].dropna()]
    if not began or not ended:
        return None
    first, last = min(map(datetime.fromisoformat, began)), max(map(datetime.fromisoformat, ended))
    return first.astimezone(UTC), last.astimezone(UTC)


def own_text(name: str) -> Markup:
    """Read our own style or script, which goes into the page as it is."""
    return Markup((FOLDER / name).read_text(encoding="utf-8"))  # noqa: S704
