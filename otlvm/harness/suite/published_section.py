"""The section ``published:``: values of the literature, shown beside a suite's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from otlvm.harness.messages import InputError
from otlvm.harness.metrics import METRICS
from otlvm.harness.suite.table_section import Entry, check_metric
from otlvm.harness.suite.validation import Strict, validated
from otlvm.harness.suite.yaml import YamlFile
from otlvm.wording import did_you_mean

FILE = Path(__file__).with_name("published.yaml")


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


def shipped() -> list[Published]:
    """Return the values that come with the toolkit."""
    return [validated(Published, entry) for entry in YamlFile(FILE).content]


def choose_published(wanted: str | Sequence[Entry]) -> list[Published]:
    """Resolve what a suite says under ``published:``.

    Args:
        wanted: ``all``, or names of methods and entries of the suite's own.

    Raises:
        InputError: If there is no such method or metric, or an entry is not complete.
    """
    known = shipped()
    if wanted == "all":
        return known
    if isinstance(wanted, str):
        message = f"expected 'all' or a list, such as [{wanted}], got {wanted!r}"
        raise InputError(message, ("published",))
    chosen: list[Published] = []
    methods = list(dict.fromkeys(row.method for row in known))
    for index, entry in enumerate(wanted):
        path = ("published", index)
        if isinstance(entry, dict):
            row = validated(Published, entry, path)
            check_metric(row.metric, METRICS, (*path, "metric"))
            chosen.append(row)
        elif entry not in methods:
            hint = did_you_mean(entry, methods)
            message = f"no method {entry!r} ships{hint}; there are: {', '.join(methods)}"
            raise InputError(message, path)
        elif entry in wanted[:index]:
            raise InputError(f"{entry} is given twice", path)
        else:
            chosen += [row for row in known if row.method == entry]
    return chosen
