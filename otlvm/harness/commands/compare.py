"""``otlvm compare DIR1 DIR2``: two suites, or two versions of ours, run by run."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from otlvm.harness.commands.arguments import ALL_DONE, BAD_INPUT, call
from otlvm.harness.messages import one_screen, say
from otlvm.harness.metrics import METRICS, Metric
from otlvm.wording import printable

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

NOTE = (
    "Means over the seeds that both have; better or worse where the differences of all rows, seed "
    "by seed, tell it by their own and their pooled spread and the row's t-test agrees, at the "
    "{level:.0%} level for each metric."
)
TOO_FEW = "No verdict where fewer than {seeds} seeds are shared."
NOTHING = "Nothing to compare: no label, seed and metric that both have."
STYLES = {"better": "green", "worse": "red"}


def print_comparison(
    frame: "pd.DataFrame",
    remarks: Sequence[str],
    names: Sequence[str],
    console: "Console",
    metrics: Sequence[Metric] = METRICS,
) -> None:
    """Print what both have side by side, and remarks on what cannot be compared."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    from otlvm.harness.comparison.seed_tests import LEVEL, MIN_SEEDS
    from otlvm.harness.metrics import written

    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("", "metric"):
        table.add_column(heading)
    for heading in ("n", *map(printable, names)):
        table.add_column(Text(heading), justify="right", overflow="fold")
    table.add_column("")
    digits = {metric.title: metric.digits for metric in metrics}
    for row in frame.to_dict("records"):
        numbers = [written(row[key], digits[row["metric"]]) for key in ("before", "after")]
        verdict = Text(row["verdict"], style=STYLES.get(row["verdict"], ""))
        table.add_row(
            Text(printable(row["label"])), row["metric"], str(row["n"]), *numbers, verdict
        )
    if len(frame):
        console.print(table)
    for remark in remarks:
        console.print(printable(remark), markup=False, highlight=False)
    note = NOTE if (frame["n"] >= MIN_SEEDS).any() else TOO_FEW if len(frame) else NOTHING
    console.print(note.format(level=LEVEL, seeds=MIN_SEEDS), style="dim", markup=False)


def _remarks(before: "pd.DataFrame", after: "pd.DataFrame", names: Sequence[str]) -> list[str]:
    """Say which labels only one has, and which do not compare."""
    from otlvm.harness.comparison.changes import on_other_data, on_other_seeds

    labels = [dict.fromkeys(records["label"]) for records in (before, after)]
    remarks = []
    for name, own, others in zip(names, labels, reversed(labels), strict=True):
        only = [label for label in own if label not in others]
        remarks += [f"only in {name}: {', '.join(only)}"] if only else []
    remarks += on_other_seeds(before, after, names)
    other = on_other_data(before, after)
    remarks += [f"on other data in each, so not the same task: {', '.join(other)}"] if other else []
    return remarks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.description = __doc__
    parser.add_argument("before", type=Path, help="what --out was when one suite ran")
    parser.add_argument("after", type=Path, help="what it was when the other ran")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the comparison there too")


def run(options: argparse.Namespace) -> int:
    """Do what the command line asks for; returns the exit code."""
    from otlvm.harness.commands import streams
    from otlvm.harness.comparison.changes import compare, with_data
    from otlvm.harness.comparison.measured import measured_alike
    from otlvm.harness.comparison.records import read_records
    from otlvm.harness.escapes.csv import to_csv
    from otlvm.harness.store.store import Store
    from otlvm.harness.suite.table_section import shown_metrics

    names = (f"{options.before}", f"{options.after}")
    try:
        stores = [Store(Path(name)) for name in names]
        before, after = with_data(*map(read_records, stores))
        known = (metric for store in stores for metric in shown_metrics(store.manifest()))
        metrics = list({metric.key: metric for metric in known}.values())
        alike, otherwise = measured_alike(before, after, metrics)
        frame = compare(alike, after, metrics)
        if options.csv:
            options.csv.write_text(to_csv(frame), encoding="utf-8")
    except (OSError, ValueError) as error:
        say(streams.errors(), one_screen(f"{error}"), "red")
        return BAD_INPUT
    remarks = [*_remarks(before, after, names), *otherwise]
    print_comparison(frame, remarks, names, streams.output(), metrics)
    return ALL_DONE


def main(arguments: list[str] | None = None) -> int:
    """Run ``python -m benchmarks.compare``; returns the exit code."""
    return call("compare", add_arguments, run, arguments)
