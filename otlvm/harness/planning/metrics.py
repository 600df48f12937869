"""Metrics that are not ours: their numbers and their code; and which results lack what is asked."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from otlvm.harness.code.decides import plugins_hash
from otlvm.harness.config import CODE, MEASURED, Config, as_mapping
from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.metrics import METRICS, Metric
from otlvm.harness.suite.claims_section import check_claimed_metrics
from otlvm.harness.suite.load import Suite
from otlvm.harness.suite.metrics_section import named_numbers
from otlvm.harness.suite.table_section import check_named_metrics
from otlvm.metrics import AssignmentMetric, Number, metrics
from otlvm.registry import RegistryError

if TYPE_CHECKING:
    from otlvm.harness.planning.plan import Plan


def other_numbers(suite: Suite) -> list[Metric]:
    """Return the numbers of a suite's metrics that are not ours.

    Raises:
        InputError: If a metric cannot be built, or its numbers bear the names of others.
    """
    found: list[Metric] = []
    for index, spec in enumerate(suite.metrics):
        path: KeyPath = ("metrics", index)
        try:
            numbers = getattr(metrics.build(spec), "numbers", None)
        except RegistryError as error:
            raise InputError(str(error), (*path, *error.path)) from error
        if not isinstance(numbers, Sequence) or not all(isinstance(n, Number) for n in numbers):
            raise InputError("its class needs `numbers`, a tuple of otlvm.metrics.Number", path)
        for number in (each for each in numbers if each not in METRICS):
            for other in (*METRICS, *found):
                if number.key == other.key or number.title == other.title:
                    message = f"its number {number.key} ({number.title}) has the name of another"
                    raise InputError(f"{message}: {other.key} ({other.title})", path)
            if not number.key.isidentifier():
                raise InputError(f"{number.key!r} is not a name: letters, digits and _", path)
            found.append(replace(number, of=as_mapping(spec)["name"]))
    return found


def asks_for_times(suite: Suite) -> bool:
    """Tell whether a suite names a number that other runs on the machine change.

    Its table (in ``metrics`` or ``order``) or a claim does, or it asks for a metric of its own that
    measures one. A table without ``metrics`` shows all numbers there are, and asks for none.

    Raises:
        InputError: See `other_numbers`.
    """
    others = other_numbers(suite)
    named = {*named_numbers(suite.table, suite.claims), *(number.key for number in others)}
    return any(number.timing and number.key in named for number in (*METRICS, *others))


def with_code(config: Config) -> Config:
    """Return a config whose metrics that are not ours name the code that measures."""
    if MEASURED not in config:
        return config
    hashes = [(spec, plugins_hash(spec)) for spec in config[MEASURED]]
    asked = [{**spec, CODE: code} if code else spec for spec, code in hashes]
    return {**config, MEASURED: asked}


def asked_now(plan: "Plan") -> list[Config]:
    """Return how the runs of a plan are to be measured, for those who read results."""
    found: list[Config] = next((i.job.config.get(MEASURED, []) for i in plan.planned), [])
    return found


def asked_later(plan: "Plan") -> list[str]:
    """Say which results lack what their suite asks for now: they are kept as they are."""
    lacking: dict[str, list[str]] = {}
    for item in plan.planned:
        record = item.state.record
        if record is None or item.wanted or item.state.name != "done":
            continue
        measured = record["config"].get(MEASURED, [])
        for spec in item.job.config.get(MEASURED, []):
            labels = lacking.setdefault(spec["name"], [])
            able = "baseline" not in item.job.config or _of_assignments(spec)
            if able and spec not in measured and item.job.label not in labels:
                labels.append(item.job.label)
    return [
        f"{name} was not measured of {', '.join(labels)}, or by other code or with other "
        f"parameters: train again with --rerun LABEL, or --rerun all"
        for name, labels in lacking.items()
        if labels
    ]


def _of_assignments(spec: Config) -> bool:
    """Tell whether baselines have the numbers of a metric."""
    built = metrics.build({key: value for key, value in spec.items() if key != CODE})
    return isinstance(built, AssignmentMetric)


def check_names(suite: Suite) -> None:
    """Check the metrics that tables and claims name, now that all numbers are known.

    Raises:
        InputError: If there is no such metric.
    """
    known = [*METRICS, *other_numbers(suite)]
    check_named_metrics(suite.table, known)
    check_claimed_metrics(suite.claims, known)
