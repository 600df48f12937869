"""What a reader has to know of a table, as its note."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from otlvm.harness.comparison.seed_tests import MIN_SEEDS
from otlvm.harness.comparison.significance import RULE, TOO_FEW
from otlvm.harness.metrics import Metric
from otlvm.harness.suite.table_section import TableOptions
from otlvm.harness.tables.marks import UNLIKE_NOTE, lacks_seeds, scopes

SHARED_NOTE = "∥: other runs shared the machine; times are not comparable."
LEFT_OUT_NOTE = f"°: fewer than {MIN_SEEDS} seeds, so not ranked."
SPREADS = {
    "std": "Mean ± standard deviation over seeds (n)",
    "interval": "Mean over seeds (n) [95 % t interval]",
}
LONG_NOTE = (
    "Mean, standard deviation (SD), t interval of the mean and interquartile mean (IQM, of four "
    "seeds or more) over seeds (n)"
)
SMALLEST = "Smallest true difference that these seeds show, four times of five"


def note_of(summary: pd.DataFrame, metrics: Sequence[Metric], options: TableOptions) -> str:
    """What a reader has to know.

    Args:
        summary: What `with_unlike` returns.
        metrics: The metrics that are shown.
        options: How.
    """
    means = SPREADS[options.spread] if options.form == "wide" else LONG_NOTE
    titles = [f"{metric.title}: {metric.note}" for metric in metrics if metric.note]
    marked = any(summary[f"{metric.key}_best"].any() for metric in metrics)
    too_few = any(lacks_seeds(summary, metric) for metric in metrics)
    rule = RULE if marked else TOO_FEW if too_few else ""
    if marked and several_data(summary):
        rule += " Each data set is ranked by itself."
    left_out = any(summary[f"{metric.key}_left_out"].any() for metric in metrics)
    unlike = any(summary[f"{metric.key}_unlike"].any() for metric in metrics)
    times = [f"{metric.key}_mean" for metric in metrics if metric.timing]
    shared = summary.loc[summary["side_by_side"].astype(bool), times].notna().any(axis=None)
    explained = "; ".join(titles) + "." if titles else ""
    parts = (
        f"{means}, held-out data, eval mode.",
        explained,
        rule,
        scopes(summary, metrics),
        UNLIKE_NOTE if unlike else "",
        _smallest(summary, metrics),
        LEFT_OUT_NOTE if left_out else "",
        SHARED_NOTE if shared else "",
        _notes_of_rows(summary),
    )
    return " ".join(part for part in parts if part)


def _notes_of_rows(summary: pd.DataFrame) -> str:
    """Say once what is to be known of rows, and of which."""
    told = summary["notes"][summary["notes"] != ""]
    sentences = [f"{', '.join(rows)}: {note}." for note, rows in told.groupby(told).groups.items()]
    return " ".join(sentences)


def _smallest(summary: pd.DataFrame, metrics: Sequence[Metric]) -> str:
    """Say what difference the seeds can show in each metric that is ranked."""
    shown = []
    for metric in metrics:
        values = summary[f"{metric.key}_smallest"].dropna()
        if (values > 0).any():
            ends = dict.fromkeys(map(_two_digits, (values.min(), values.max())))
            shown.append(f"{metric.title} {'–'.join(ends)}")
    return f"{SMALLEST}: {', '.join(shown)}." if shown else ""


def _two_digits(value: float) -> str:
    return np.format_float_positional(value, 2, fractional=False, trim="-")


def several_data(summary: pd.DataFrame) -> bool:
    """Tell whether the rows are of several data sets."""
    return len(set(summary["data"])) > 1
