"""The comparison of all metrics as one table, of the summary alone."""

import math

import pandas as pd

from benchmarks.metrics import METRICS
from benchmarks.tables import cells, note, present, problems
from benchmarks.view import Cell, Column, Group, View


def summary_view(summary: pd.DataFrame, title: str) -> View:
    """Lay out what `benchmarks.tables.summarize` gives."""
    metrics = present(summary, METRICS)
    rows = []
    known = summary.to_dict("records")
    for facts, (label, n, texts) in zip(known, cells(summary, metrics), strict=True):
        means = [float(facts[f"{metric.key}_mean"]) for metric in metrics]
        row = [Cell(label, label), Cell(n, int(facts["n"]))]
        for (text, best), mean in zip(texts, means, strict=True):
            row.append(Cell(text, None if math.isnan(mean) else mean, best))
        rows.append(row)
    columns = [Column("row", numeric=False), Column("n"), *(Column(m.heading) for m in metrics)]
    return View(title, columns, [Group("", rows)], note(summary), problems(summary))
