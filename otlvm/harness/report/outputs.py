"""All that is written beside the records: tables, figures, card and page."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from otlvm.harness.comparison.card import card, to_markdown
from otlvm.harness.comparison.records import read_records
from otlvm.harness.figures.write import asked_for, write_figures
from otlvm.harness.report.page import write_report
from otlvm.harness.store.store import Store
from otlvm.harness.tables.view import View
from otlvm.harness.tables.write import views_of, write_tables


@dataclass(frozen=True)
class Content:
    """What a store holds, read once and laid out.

    Attributes:
        records: What `read_records` returns.
        views: The tables.
        summary: What is behind the first.
    """

    records: pd.DataFrame
    views: list[View]
    summary: pd.DataFrame


@dataclass(frozen=True)
class Written:
    """What was written beside the records.

    Attributes:
        views: The tables, for whoever shows them.
        names: The files.
        left_out: A line for each figure that the suite asks for and that cannot be drawn.
    """

    views: Sequence[View]
    names: Sequence[str]
    left_out: Sequence[str]


def read_content(store: Store) -> Content:
    """Read the records of a store and lay its tables out.

    Raises:
        FileNotFoundError: If the directory is no store.
        ValueError: If its manifest is damaged.
    """
    records = read_records(store)
    return Content(records, *views_of(store, records))


def write_outputs(store: Store, content: Content) -> Written:
    """Write tables, card and figures of a store."""
    records, views = content.records, content.views
    names = write_tables(records, content.summary, views, store.root)
    store.write_text("card.md", to_markdown(card(records)))
    figures, left_out = draw_figures(store, content)
    return Written(views, [*names, "card.md", *figures], left_out)


def draw_figures(store: Store, content: Content) -> tuple[list[str], list[str]]:
    """Write the figures of a store; returns their files, and a line for each that is left out."""
    left_out: list[str] = []
    paths = write_figures(store, content.records, asked_for(store), left_out.append)
    return [path.name for path in paths], left_out


def write_page(store: Store, content: Content) -> tuple[Path, int]:
    """Write ``report.html`` of a store, with the figures that lie there.

    Returns:
        The file, and how many runs it shows.
    """
    path = store.root / "report.html"
    write_report(store, content.views, content.records, path, card(content.records))
    return path, len(content.records)
