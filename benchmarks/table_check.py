"""What can be wrong with what a suite says of its tables, told before any training."""

import textwrap
from collections.abc import Sequence

from benchmarks.claims import Row, parse_claim
from benchmarks.expand import Run
from benchmarks.fields import Config, fields_of, get_field
from benchmarks.table_schema import KEYS, MetricChoice, TableOptions
from benchmarks.validation import validated
from benchmarks.yaml_file import KeyPath, SuiteError
from otlvm.registry import did_you_mean


def check_table(options: TableOptions, configs: Sequence[Config]) -> None:
    """Check the metrics and fields that a suite wants to see.

    Args:
        options: What it says.
        configs: The configs of its runs.

    Raises:
        SuiteError: If there is no such metric, one is given twice, an entry does not fit, or no
            run has a field.
    """
    names: list[str] = []
    for index, entry in enumerate(options.metrics or []):
        path = ("table", "metrics", index)
        spec = {"name": entry} if isinstance(entry, str) else entry
        name = validated(MetricChoice, spec, path).name
        check_metric(name, path)
        if name in names:
            raise SuiteError(f"{name} is given twice", path)
        names.append(name)
    check_metric(options.order, ("table", "order"), ("suite", "label"))
    for index, field in enumerate(options.columns):
        _check_field(field, configs, ("table", "columns", index))
    if options.group and options.group not in ("data", "method"):
        _check_field(options.group, configs, ("table", "group"))


def _check_field(field: str, configs: Sequence[Config], path: KeyPath) -> None:
    if all(get_field(config, field) is None for config in configs):
        known = list(dict.fromkeys(each for config in configs for each in fields_of(config)))
        hint = did_you_mean(field, known)
        message = f"no run gives the field {field!r}{hint}; there are: {', '.join(known)}"
        raise SuiteError(message, path)


def check_claims(claims: Sequence[str], runs: Sequence[Run], changed: bool = False) -> None:
    """Check that each claim is one, about metrics, rows and steps that there are.

    Args:
        claims: The claims.
        runs: The suite's runs.
        changed: Whether the command line changes their training: a claim about a step that is then
            not there is undecided.

    Raises:
        SuiteError: If not.
    """
    rows = [Row(run.label, run.method, run.data) for run in runs]
    configs = {row: run.config for row, run in zip(rows, runs, strict=True)}
    for index, text in enumerate(claims):
        path = ("claims", index)
        try:
            claim = parse_claim(text)
        except ValueError as error:
            raise SuiteError(f"{error}", path) from error
        for term in claim.terms():
            if term.step is None:  # objectives name their own terms of the curves
                check_metric(term.metric, path)
            if not term.rows(rows):
                known = list(dict.fromkeys(row.label for row in rows))
                hint = did_you_mean(term.label, known)
                listed = textwrap.shorten(", ".join(known), 400)
                raise SuiteError(f"no row is {term.label!r}{hint}; there are: {listed}", path)
            if term.step is not None and not changed:
                for row in term.rows(rows):
                    _check_step(term.step, row.label, configs[row], path)


def _check_step(step: int, label: str, config: Config, path: KeyPath) -> None:
    """Check that a row's learning curve has a step."""
    train = config.get("train")
    if train is None:
        raise SuiteError(f"{label!r} is a baseline: it has no learning curve", path)
    further = {*train["eval_at"], *train["snapshots"], train["steps"]}
    if step > train["steps"] or (step % train["eval_every"] and step not in further):
        remedy = f"name a multiple of {train['eval_every']} up to {train['steps']}, or add it to"
        raise SuiteError(f"{label!r} logs no step {step}: {remedy} 'train.eval_at'", path)


def check_metric(name: str, path: KeyPath, others: tuple[str, ...] = ()) -> None:
    """Check that there is such a metric.

    Raises:
        SuiteError: If not, and it is not one of the others either.
    """
    known = [*others, *KEYS]
    if name not in known:
        hint = did_you_mean(name, known)
        raise SuiteError(f"unknown metric {name!r}{hint}; known: {', '.join(known)}", path)
