"""What to show, and where: from one row per label to views."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from otlvm.harness.comparison.claims import NO_CURVES, check_claims
from otlvm.harness.comparison.evidence import FAILS, HOLDS, UNDECIDED
from otlvm.harness.comparison.seed_tests import LEVEL, MIN_SEEDS
from otlvm.harness.config import Config, get_field, name_of
from otlvm.harness.metrics import METRICS, Metric, written
from otlvm.harness.suite.claims_section import parse_claim
from otlvm.harness.suite.published_section import Published
from otlvm.harness.suite.table_section import TableOptions
from otlvm.harness.tables.marks import UNLIKE_MARK, with_unlike
from otlvm.harness.tables.notes import note_of
from otlvm.harness.tables.view import Cell, Column, Group, View

Facts = Mapping[str, Any]
"""What `summarize` says of a row."""
MISSING = "–"
SHARED = " ∥"
LEFT_OUT = "°"
LONG = ("metric", "n", "mean", "SD", "95 % interval", "IQM")
PUBLISHED_NOTE = (
    "As their sources report them: other networks, protocols and splits. Never ranked with ours."
)


def lay_out(
    records: pd.DataFrame,
    summary: pd.DataFrame,
    title: str,
    options: TableOptions,
    known_metrics: Sequence[Metric] = METRICS,
) -> View:
    """Lay the comparison out as a table.

    Args:
        records: What `read_records` returns.
        summary: What `summarize` made of it, with the metrics that the options need.
        title: The table's title.
        options: Columns, order, grouping and form.
        known_metrics: The metrics of which the options choose.
    """
    metrics = [m for m in options.chosen(known_metrics) if summary[f"{m.key}_mean"].notna().any()]
    summary = with_unlike(summary, metrics)
    known = records.dropna(subset="config").drop_duplicates("label")
    configs = dict(zip(known["label"], known["config"], strict=True))
    lines = _wide if options.form == "wide" else _long
    facts = dict(zip(summary.index, summary.to_dict("records"), strict=True))
    ordered = _ordered(summary, records, options, known_metrics)
    groups = []
    for heading, labels in _groups(facts, configs, options):
        rows = []
        for label in sorted(labels, key=ordered.__getitem__):
            config = configs.get(label, {})
            fields = [Cell(*_field(config, path)) for path in options.columns]
            for cells in lines(facts[label], metrics, options):
                rows.append([Cell(label, label), *fields, *cells])
        groups.append(Group(heading, rows))
    short = [path.rpartition(".")[2] for path in options.columns]
    keys = [
        key if short.count(key) == 1 else path
        for key, path in zip(short, options.columns, strict=True)
    ]
    columns = [Column(key, numeric=False, key=True) for key in ("", *keys)]
    if options.form == "wide":
        columns += [Column("n", key=True), *(Column(metric.heading) for metric in metrics)]
    else:
        columns += [Column(LONG[0], numeric=False), *map(Column, LONG[1:])]
    return View(title, columns, groups, note_of(summary, metrics, options), _problems(summary))


def _groups(
    facts: Mapping[str, Facts], configs: Mapping[str, Config], options: TableOptions
) -> Iterator[tuple[str, list[str]]]:
    """Yield heading and labels of each group, in the suite's order."""
    field = options.group
    if field is None:
        field = "data" if len({row["data"] for row in facts.values()}) > 1 else ""
    values: dict[str, list[str]] = {}
    for label, row in facts.items():
        if field in ("", "data", "method"):
            value = str(row[field]) if field else ""
        else:
            value = f"{field.rpartition('.')[2]}: {_field(configs.get(label, {}), field)[0]}"
        values.setdefault(value, []).append(label)
    yield from values.items()


def _ordered(
    summary: pd.DataFrame,
    records: pd.DataFrame,
    options: TableOptions,
    known_metrics: Sequence[Metric],
) -> dict[str, int]:
    """Return the place of each label in the order that the options ask for."""
    labels = list(summary.index)
    if options.order == "label":
        labels = sorted(labels)
    elif options.order != "suite":
        metric = {metric.key: metric for metric in options.needed(known_metrics)}[options.order]
        done = records[records["status"] == "done"]
        costs = metric.costs(done[metric.key].astype(float)).groupby(done["label"]).mean()
        labels = list(costs.reindex(labels).sort_values(kind="stable").index)
    return {label: place for place, label in enumerate(labels)}


def _field(config: Config, path: str) -> tuple[str, float | str | None]:
    """Write a field of a config, and say by what it is sorted."""
    value: Any = get_field(config, path)
    if value is None:
        return MISSING, None
    return name_of(value), value if isinstance(value, int | float) else name_of(value)


def _wide(row: Facts, metrics: Sequence[Metric], options: TableOptions) -> Iterator[list[Cell]]:
    """One line: n, then a cell for each metric."""
    whole = [metric for metric in metrics if not _lacks_some(row, metric)]
    cells = [Cell(_count(row, whole), int(row["n"]))]
    for metric in metrics:
        mean = row[f"{metric.key}_mean"]
        text = _mean(row, metric)
        if options.spread == "std" and not np.isnan(row[f"{metric.key}_std"]):
            text += f" ± {written(row[f'{metric.key}_std'], metric.digits)}"
        elif options.spread == "interval" and not np.isnan(row[f"{metric.key}_low"]):
            text += f" {_interval(row, metric)}"
        text += SHARED if metric.timing and row["side_by_side"] and not np.isnan(mean) else ""
        if _lacks_some(row, metric) and not np.isnan(mean):
            mark = LEFT_OUT if row[f"{metric.key}_left_out"] else ""
            text += f" (n = {int(row[f'{metric.key}_n'])}{mark})"
        text += UNLIKE_MARK if row[f"{metric.key}_unlike"] else ""
        sort = None if np.isnan(mean) else float(mean)
        cells.append(Cell(text, sort, bool(row[f"{metric.key}_best"])))
    yield cells


def _long(row: Facts, metrics: Sequence[Metric], options: TableOptions) -> Iterator[list[Cell]]:
    """A line for each metric: its name, n, what `describe` gives; one line without metrics."""
    if not metrics:
        cells = [Cell(_count(row, ()), int(row["n"])), Cell(str(row["short"]) or MISSING)]
        yield [Cell(MISSING), *cells, *[Cell(MISSING)] * 3]
    for metric in metrics:
        mean, best = row[f"{metric.key}_mean"], bool(row[f"{metric.key}_best"])
        marks = SHARED if metric.timing and row["side_by_side"] and not np.isnan(mean) else ""
        marks += UNLIKE_MARK if row[f"{metric.key}_unlike"] else ""
        own = {**row, "n": 0 if np.isnan(mean) else int(row[f"{metric.key}_n"])}
        cells = [Cell(metric.heading, metric.heading), Cell(_count(own, [metric]), own["n"])]
        cells.append(Cell(_mean(row, metric) + marks, None if np.isnan(mean) else mean, best))
        for key in ("std", "interval", "iqm"):
            value = row[f"{metric.key}_{'low' if key == 'interval' else key}"]
            if np.isnan(value):
                cells.append(Cell(MISSING))
            elif key == "interval":
                cells.append(Cell(_interval(row, metric), value))
            else:
                cells.append(Cell(written(value, metric.digits), value))
        yield cells


def _count(row: Facts, metrics: Sequence[Metric]) -> str:
    mark = LEFT_OUT if any(row[f"{metric.key}_left_out"] for metric in metrics) else ""
    of_runs = "" if row["n"] == row["runs"] else f" of {row['runs']}"
    return f"{row['n']}{of_runs}{mark}"


def _lacks_some(row: Facts, metric: Metric) -> bool:
    """Whether some of a row's finished runs have no such number."""
    return bool(row["n"] > 0 and row[f"{metric.key}_n"] < row["n"])


def _mean(row: Facts, metric: Metric) -> str:
    mean = row[f"{metric.key}_mean"]
    if row["n"] == 0 and row["short"]:
        return str(row["short"])
    return MISSING if np.isnan(mean) else written(mean, metric.digits)


def _interval(row: Facts, metric: Metric) -> str:
    low, high = (written(row[f"{metric.key}_{end}"], metric.digits) for end in ("low", "high"))
    return f"[{low}, {high}]"


def _problems(summary: pd.DataFrame) -> list[str]:
    failed = summary["problems"][summary["problems"] != ""]
    return [f"{label}: {problem}" for label, problem in failed.items()]


def lay_out_published(rows: Sequence[Published]) -> list[View]:
    """Lay values of the literature out, a view for each metric, a group for each K."""
    titles = {metric.key: metric for metric in METRICS}
    views = []
    for key in dict.fromkeys(row.metric for row in rows):
        metric = titles[key]
        chosen = sorted((row for row in rows if row.metric == key), key=lambda r: r.components)
        groups = [
            Group(f"K = {count}", [_published(r) for r in chosen if r.components == count])
            for count in dict.fromkeys(row.components for row in chosen)
        ]
        headings = ("data", "of its runs", "protocol", "images", "source")
        columns = [Column("", numeric=False, key=True), Column(metric.title)]
        columns += [Column(heading, numeric=False) for heading in headings]
        views.append(View(f"Published {metric.title}", columns, groups, PUBLISHED_NOTE))
    return views


def _published(row: Published) -> list[Cell]:
    spread = "" if row.spread is None else f" ± {row.spread:.{row.digits}f}"
    texts = (row.data, row.statistic, row.protocol, row.split, row.source)
    value = Cell(f"{row.value:.{row.digits}f}{spread}", row.value)
    return [Cell(row.method, row.method), value, *(Cell(text, text) for text in texts)]


VERDICTS = (FAILS, UNDECIDED, HOLDS)
NOTE = (
    f"A claim holds or fails where the seeds tell so, and is undecided where not: t-tests (Welch's "
    f"between rows, seed by seed within one), p corrected for the number of claims (Holm), "
    f"{LEVEL:.0%} level, {MIN_SEEDS} seeds or more; where no seed differs from another (p –), the "
    f"values tell. A claim about several rows holds if it holds for each; the one that does worst "
    f"is shown."
)


def lay_out_claims(
    claims: Sequence[str],
    records: pd.DataFrame,
    curves: pd.DataFrame = NO_CURVES,
    known_metrics: Sequence[Metric] = METRICS,
) -> View:
    """Check claims and lay the outcomes out as a table.

    Args:
        claims: The claims, each as the suite has it.
        records: What `otlvm.harness.comparison.records.read_records` returns.
        curves: What `otlvm.harness.comparison.records.read_curves` returns, for claims about steps.
        known_metrics: The metrics.
    """
    parsed = [parse_claim(text) for text in claims]
    digits_of = {metric.key: f"z.{metric.digits}f" for metric in known_metrics}
    verdicts = check_claims(parsed, records, curves, known_metrics)
    rows = []
    for claim, verdict in zip(parsed, verdicts, strict=True):
        shown = verdict.shown
        metrics = [term.metric for term in claim.terms()]
        numbers = []
        for value, metric in zip((shown.left, shown.right), (metrics * 2)[:2], strict=True):
            numbers.append(_number(value, f"{value:{digits_of.get(metric, '.4g')}}"))
        if isinstance(claim.right, float):
            numbers[1] = Cell(repr(claim.right).removesuffix(".0"), claim.right)
        outcome = Cell(verdict.text, VERDICTS.index(verdict.outcome))
        p = _number(verdict.p, f"{verdict.p:.3f}" if verdict.p >= 0.001 else "< 0.001")
        n, labels = Cell(str(shown.n), shown.n), Cell(shown.rows, shown.rows)
        rows.append([Cell(claim.text, claim.text), outcome, p, *numbers, n, labels])
    headings = ("", "outcome", "p", "measured", "against", "n", "rows")
    texts = ("", "outcome", "rows")
    columns = [Column(h, numeric=h not in texts, key=h == "") for h in headings]
    return View("Claims", columns, [Group("", rows)], NOTE)


def _number(value: float, text: str) -> Cell:
    return Cell(MISSING) if np.isnan(value) else Cell(text, value)
