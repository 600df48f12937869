"""From records to all figures that apply."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from otlvm.harness.comparison.yardsticks import Yardsticks
from otlvm.harness.figures import dark
from otlvm.harness.figures.captions import CAPTIONS
from otlvm.harness.figures.curves import draw_curves, draw_time
from otlvm.harness.figures.heatmap import TITLE_LETTER, draw_heatmap
from otlvm.harness.figures.matrices import draw_matrices, read_matrices
from otlvm.harness.figures.paper import draw_entry
from otlvm.harness.figures.paper.source import LeftOutError
from otlvm.harness.figures.pareto import draw_pareto
from otlvm.harness.figures.ranks import draw_ranks
from otlvm.harness.figures.rows import (
    choose_rows,
    classes_of_rows,
    curves_of,
    finished,
    looks_of,
    note_of_choice,
)
from otlvm.harness.figures.seeds import draw_seeds
from otlvm.harness.figures.style import style, wrap, write
from otlvm.harness.metrics import METRICS, Metric, known_metrics
from otlvm.harness.store.store import Store
from otlvm.harness.suite.figures_section import FigureEntry
from otlvm.harness.suite.table_section import TableOptions

Draw = Callable[[], Figure | None]


def known_figures(
    store: Store, records: pd.DataFrame, entries: Iterable[FigureEntry] = ()
) -> dict[str, Draw]:
    """Return what draws each figure, by name; it returns None where the figure does not apply.

    Returns:
        ``curves``, ``time``, ``pareto``, ``seeds``, ``matrices``, of the rows that `choose_rows`
        leaves, ``heatmap`` and ``ranks``, and the figures that a suite asks for, which raise
        `LeftOutError` where they cannot be drawn.
    """
    shown = choose_rows(records)
    of_table, look = chosen_metrics(store), looks_of(records)
    of_rows: dict[str, Draw] = {
        "curves": lambda: draw_curves(curves_of(store, shown), shown, look),
        "time": lambda: draw_time(curves_of(store, shown), shown, look),
        "pareto": lambda: draw_pareto(shown, look),
        "seeds": lambda: draw_seeds(shown, of_table, look),
        "matrices": lambda: draw_matrices(read_matrices(store, shown), classes_of_rows(shown)),
    }
    note = note_of_choice(records, shown)
    if note:
        of_rows = {name: partial(_with_note, draw, note) for name, draw in of_rows.items()}
    return {
        **of_rows,
        "heatmap": lambda: draw_heatmap(records),
        "ranks": lambda: _ranks(records, of_table),
        **{entry.name: partial(draw_entry, store, records, entry) for entry in entries},
    }


def chosen_metrics(store: Store) -> Sequence[Metric] | None:
    """Return the metrics that a store's suite wants in its table; None if it names none."""
    manifest = store.manifest()
    options = TableOptions.model_validate(manifest.get("table", {}))
    return None if options.metrics is None else options.chosen(known_metrics(manifest))


def asked_for(store: Store) -> list[FigureEntry]:
    """Return the figures that a store's suite asks for."""
    return [FigureEntry.model_validate(entry) for entry in store.manifest().get("figures", [])]


@style()
def write_figures(
    store: Store,
    records: pd.DataFrame,
    entries: Iterable[FigureEntry] = (),
    say: Callable[[str], None] | None = None,
) -> list[Path]:
    """Write each figure that the records allow, see `style.write`, and remove all others of ours.

    Args:
        store: Where to.
        records: What `otlvm.harness.comparison.records.read_records` returns.
        entries: The figures that the suite asks for.
        say: Called with a line for each of these that cannot be drawn.

    Returns:
        The files, of those that `known_figures` has.
    """
    written: list[Path] = []
    drawn = set[str]()
    for name, draw in known_figures(store, records, entries).items():
        try:
            figure = draw()
        except LeftOutError as error:
            figure = None
            if say is not None:
                say(f"figure {name} is left out: {error}")
        if figure is not None:
            written += write(figure, store.root / name)
            drawn.add(name)
    for name in CAPTIONS.keys() - drawn:  # of an earlier suite in this folder
        for old in (f"{name}.png", f"{name}.pdf", f"{dark.FOLDER}/{name}.png"):
            (store.root / old).unlink(missing_ok=True)
    return written


def _with_note(draw: Draw, note: str) -> Figure | None:
    figure = draw()
    if figure is not None:
        figure.suptitle(wrap(note, int(figure.get_figwidth() / TITLE_LETTER)))
    return figure


def _ranks(records: pd.DataFrame, chosen: Sequence[Metric] | None) -> Figure | None:
    """Rank all methods, where records tell data sets and methods.

    By accuracy where it is known, else by the first metric of the suite's table that has a best.
    None where rows of one data set do not compare in it, such as MMD² of two priors.
    """
    if not {"data", "method"} <= set(records):
        return None
    ranked = [METRICS[0], *(each for each in chosen or () if each.best and not each.timing)]
    metric = next((each for each in ranked if records[each.key].notna().any()), METRICS[0])
    parts = Yardsticks(finished(records, [metric.key])).comparable(metric)
    if not parts or len({part["data"].iloc[0] for part in parts}) < len(parts):
        return None
    done = pd.concat(parts)
    runs = done.assign(cost=metric.costs(done[metric.key].astype(float)))
    costs = runs.pivot_table(index="data", columns="method", values="cost", sort=False)
    return draw_ranks(costs, metric)
