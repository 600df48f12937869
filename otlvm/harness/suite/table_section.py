"""The section ``table:``: its schema, and what can be wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from otlvm.harness.config import Config, as_mapping, fields_of, get_field
from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.metrics import METRICS, Metric, known_metrics
from otlvm.harness.suite.validation import Strict, validated
from otlvm.wording import did_you_mean

Entry = str | dict[str, Any]


class MetricChoice(Strict):
    """A metric with a title, digits or direction of the suite's own.

    Attributes:
        name: Which metric.
        title: Its heading. Default: as in our tables.
        digits: Digits after the point.
        best: Which value is best.
    """

    name: str
    title: str | None = None
    digits: int | None = Field(None, ge=0, le=10)
    best: Literal["high", "low", "near zero", "none"] | None = None

    def metric(self, known: Sequence[Metric] = METRICS) -> Metric:
        """Return the metric, one of those known, as it is to be shown."""
        metric = next(each for each in known if each.key == self.name)
        changes = self.model_dump(exclude={"name", "best"}, exclude_none=True)
        if self.best is not None:
            changes["best"] = None if self.best == "none" else self.best
        return replace(metric, **changes)


class TableOptions(Strict):
    """How the comparison is laid out.

    Attributes:
        metrics: Which, in this order; a bare name or a `MetricChoice`. Default: all there are.
        columns: Fields of the config that get a column of their own, such as ``objective.weight``.
        spread: What stands beside the mean: the standard deviation over seeds, or the mean's 95 %
            t interval. The long form has both, and the interquartile mean.
        order: ``suite``, ``label``, or a metric, shown or not: its best row comes first.
        group: A field of the config, ``data`` or ``method``: rows with the same value stand
            together. Default: ``data``, where there are several data sets.
        form: ``wide`` has a row for each label, ``long`` one for each label and metric.
    """

    metrics: list[Entry] | None = Field(None, min_length=1)
    columns: list[str] = []
    spread: Literal["std", "interval"] = "std"
    order: str = "suite"
    group: str | None = None
    form: Literal["wide", "long"] = "wide"

    def names(self) -> list[str]:
        """Return the names of the metrics that it gives, and what orders its rows."""
        specs = [as_mapping(entry) for entry in self.metrics or []]
        return [*(spec["name"] for spec in specs), self.order]

    def chosen(self, known: Sequence[Metric] = METRICS) -> tuple[Metric, ...]:
        """Return the metrics to show, in order, of those known."""
        if self.metrics is None:
            return tuple(known)
        specs = [as_mapping(entry) for entry in self.metrics]
        return tuple(MetricChoice.model_validate(spec).metric(known) for spec in specs)

    def overlaid(self, known: Sequence[Metric] = METRICS) -> tuple[Metric, ...]:
        """Return all metrics that are known, those to show as they are to be shown."""
        own = {metric.key: metric for metric in self.chosen(known)}
        return tuple(own.get(metric.key, metric) for metric in known)

    def needed(self, known: Sequence[Metric] = METRICS) -> tuple[Metric, ...]:
        """Return the metrics to show, and the one by which rows are ordered if it is not shown."""
        chosen = self.chosen(known)
        shown = [metric.key for metric in chosen]
        return (*chosen, *(m for m in known if m.key == self.order and m.key not in shown))


def shown_metrics(manifest: Mapping[str, Any]) -> tuple[Metric, ...]:
    """Return all metrics of a store with the titles, digits and directions of its suite."""
    options = TableOptions.model_validate(manifest.get("table", {}))
    return options.overlaid(known_metrics(manifest))


def check_table(
    options: TableOptions, configs: Sequence[Config], known: Sequence[Metric] | None = METRICS
) -> None:
    """Check the metrics and fields that a suite wants to see.

    Args:
        options: What it says.
        configs: The configs of its runs.
        known: The metrics; None if they are not known yet, see `check_named_metrics`.

    Raises:
        InputError: If there is no such metric, one is given twice, an entry does not fit, or no
            run has a field.
    """
    names: list[str] = []
    for index, entry in enumerate(options.metrics or []):
        path = ("table", "metrics", index)
        spec = {"name": entry} if isinstance(entry, str) else entry
        name = validated(MetricChoice, spec, path).name
        if name in names:
            raise InputError(f"{name} is given twice", path)
        names.append(name)
    if known is not None:
        check_named_metrics(options, known)
    for index, field in enumerate(options.columns):
        _check_field(field, configs, ("table", "columns", index))
    if options.group and options.group not in ("data", "method"):
        _check_field(options.group, configs, ("table", "group"))


def check_named_metrics(options: TableOptions, known: Sequence[Metric]) -> None:
    """Check that there are the metrics that a table names.

    Raises:
        InputError: If not.
    """
    for index, name in enumerate(options.names()[:-1]):
        check_metric(name, known, ("table", "metrics", index))
    check_metric(options.order, known, ("table", "order"), ("suite", "label"))


def _check_field(field: str, configs: Sequence[Config], path: KeyPath) -> None:
    if all(get_field(config, field) is None for config in configs):
        known = list(dict.fromkeys(each for config in configs for each in fields_of(config)))
        hint = did_you_mean(field, known)
        message = f"no run gives the field {field!r}{hint}; there are: {', '.join(known)}"
        raise InputError(message, path)


def check_metric(
    name: str, metrics: Sequence[Metric], path: KeyPath, others: tuple[str, ...] = ()
) -> None:
    """Check that there is such a metric.

    Raises:
        InputError: If not, and it is not one of the others either.
    """
    known = [*others, *(metric.key for metric in metrics)]
    if name not in known:
        hint = did_you_mean(name, known)
        raise InputError(f"unknown metric {name!r}{hint}; known: {', '.join(known)}", path)
