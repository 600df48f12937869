"""Records -> figures, one a file, at the sizes of a paper. Never imports torch."""

from benchmarks.figures.curves import draw_curves, draw_time, read_curves
from benchmarks.figures.heatmap import draw_heatmap
from benchmarks.figures.matrices import draw_matrices, read_matrices
from benchmarks.figures.pareto import draw_pareto, pareto_front
from benchmarks.figures.ranks import draw_ranks
from benchmarks.figures.rows import choose_rows
from benchmarks.figures.seeds import draw_seeds
from benchmarks.figures.write import asked_for, known_figures, write_figures

__all__ = [
    "asked_for",
    "choose_rows",
    "draw_curves",
    "draw_heatmap",
    "draw_matrices",
    "draw_pareto",
    "draw_ranks",
    "draw_seeds",
    "draw_time",
    "known_figures",
    "pareto_front",
    "read_curves",
    "read_matrices",
    "write_figures",
]
