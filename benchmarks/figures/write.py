"""Records -> all figures that apply. Never imports torch."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from benchmarks.figures.curves import draw_curves, draw_time, read_curves
from benchmarks.figures.heatmap import draw_heatmap
from benchmarks.figures.matrices import draw_matrices, read_matrices
from benchmarks.figures.pareto import draw_pareto
from benchmarks.figures.ranks import draw_ranks
from benchmarks.figures.rows import MOST_ROWS, choose_rows, finished
from benchmarks.figures.seeds import draw_seeds
from benchmarks.figures.style import style, write
from benchmarks.metrics import METRICS
from benchmarks.store import Store


@style()
def write_figures(store: Store, records: pd.DataFrame) -> list[Path]:
    """Write each figure that the records allow as PNG and PDF beside them, and remove the others.

    Returns:
        The files: ``curves``, ``time``, ``pareto``, ``seeds``, ``matrices``, of the rows that
        `choose_rows` leaves, and ``heatmap`` and ``ranks``.
    """
    shown = choose_rows(records)
    curves = read_curves(store, shown)
    of_rows: dict[str, Figure | None] = {
        "curves": draw_curves(curves, shown),
        "time": draw_time(curves, shown),
        "pareto": draw_pareto(shown),
        "seeds": draw_seeds(shown),
        "matrices": draw_matrices(read_matrices(store, shown)),
    }
    if len(shown) < len(records):
        count = records["label"].nunique()
        chosen = "most accurate" if records["accuracy"].notna().any() else "lowest in BCE"
        for figure in of_rows.values():
            if figure is not None:
                figure.suptitle(f"the {MOST_ROWS} {chosen} of {count} rows")
    figures = {**of_rows, "heatmap": draw_heatmap(records), "ranks": _ranks(records)}
    written: list[Path] = []
    for name, figure in figures.items():
        if figure is not None:
            written += write(figure, store.root / name)
        else:  # of an earlier suite in this folder
            for suffix in ("png", "pdf"):
                (store.root / f"{name}.{suffix}").unlink(missing_ok=True)
    return written


def _ranks(records: pd.DataFrame) -> Figure | None:
    """Rank the dozen methods that are most accurate, where records tell data sets and methods."""
    if not {"data", "method"} <= set(records):
        return None
    done = finished(records, ["accuracy"])
    scores = done.pivot_table(index="data", columns="method", values="accuracy", sort=False)
    best = scores.mean().nlargest(MOST_ROWS).index
    figure = draw_ranks(scores[[method for method in scores if method in best]], METRICS[0])
    if figure is not None and scores.shape[1] > MOST_ROWS:
        figure.suptitle(f"the {MOST_ROWS} most accurate of {scores.shape[1]} methods")
    return figure
