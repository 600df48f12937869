"""The schema of what a suite says about its tables: ``table:`` and ``published:``.

Never imports torch.
"""

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field

from benchmarks.metrics import METRICS, Metric
from benchmarks.strict import Strict

KEYS = [metric.key for metric in METRICS]
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

    def metric(self) -> Metric:
        """Return the metric as it is to be shown."""
        metric = METRICS[KEYS.index(self.name)]
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
            bootstrap interval. The long form has both, and the interquartile mean.
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

    def chosen(self) -> tuple[Metric, ...]:
        """Return the metrics to show, in order."""
        if self.metrics is None:
            return METRICS
        specs = [{"name": entry} if isinstance(entry, str) else entry for entry in self.metrics]
        return tuple(MetricChoice.model_validate(spec).metric() for spec in specs)

    def needed(self) -> tuple[Metric, ...]:
        """Return the metrics to show, and the one by which rows are ordered if it is not shown."""
        chosen = self.chosen()
        if self.order not in KEYS or self.order in [metric.key for metric in chosen]:
            return chosen
        return (*chosen, METRICS[KEYS.index(self.order)])


class Published(Strict):
    """A value from the literature: another network, protocol or split than ours, never ranked.

    Attributes:
        method: What it is.
        data: The data set.
        metric: Which metric, by its name in our tables.
        value: The value.
        spread: Its standard deviation, where the source has one.
        digits: How many digits after the point the source gives.
        components: K.
        statistic: What the value is of its runs.
        protocol: How components become classes.
        split: Which images were measured.
        source: Where it stands, so that a reader finds it.
    """

    method: str
    data: str = "mnist"
    metric: str = "accuracy"
    value: float
    spread: float | None = Field(None, ge=0)
    digits: int = Field(3, ge=0, le=10)
    components: int = Field(gt=0)
    statistic: Literal["best", "mean", "median", "single", "not stated"]
    protocol: str
    split: str
    source: str
