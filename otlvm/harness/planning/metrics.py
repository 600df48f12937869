"""The numbers of metrics that are not ours, and whether a suite's tables and claims name them."""

from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.metrics import METRICS, Metric
from otlvm.harness.suite.claims_section import check_claimed_metrics
from otlvm.harness.suite.load import Suite
from otlvm.harness.suite.table_section import check_named_metrics
from otlvm.metrics import metrics
from otlvm.registry import RegistryError


def other_numbers(suite: Suite) -> list[Metric]:
    """Return the numbers of a suite's metrics that are not ours.

    Raises:
        InputError: If a metric cannot be built, or its numbers bear the names of others.
    """
    found: list[Metric] = []
    for index, spec in enumerate(suite.metrics):
        path: KeyPath = ("metrics", index)
        try:
            numbers = metrics.build(spec).numbers
        except RegistryError as error:
            raise InputError(str(error), (*path, *error.path)) from error
        for number in (each for each in numbers if each not in METRICS):
            for other in (*METRICS, *found):
                if number.key == other.key or number.title == other.title:
                    message = f"its number {number.key} ({number.title}) has the name of another"
                    raise InputError(f"{message}: {other.key} ({other.title})", path)
            if not number.key.isidentifier():
                raise InputError(f"{number.key!r} is no name: letters, digits and _", path)
            found.append(number)
    return found


def check_names(suite: Suite) -> None:
    """Check the metrics that tables and claims name, now that all numbers are known.

    Raises:
        InputError: If there is no such metric.
    """
    known = [*METRICS, *other_numbers(suite)]
    check_named_metrics(suite.table, known)
    check_claimed_metrics(suite.claims, known)
