"""What can be wrong with what a suite says of its tables, told before any training."""

import textwrap
from collections.abc import Sequence

from benchmarks.claims import Row, parse_claim
from benchmarks.table_schema import KEYS, MetricChoice, TableOptions
from benchmarks.validation import validated
from benchmarks.yaml_file import KeyPath, SuiteError
from otlvm.registry import did_you_mean


def check_table(options: TableOptions) -> None:
    """Check the metrics that a suite wants to see.

    Raises:
        SuiteError: If there is no such metric, one is given twice, or an entry does not fit.
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


def check_claims(claims: Sequence[str], rows: Sequence[Row]) -> None:
    """Check that each claim is one, about metrics and rows that there are.

    Raises:
        SuiteError: If not.
    """
    for index, text in enumerate(claims):
        path = ("claims", index)
        try:
            claim = parse_claim(text)
        except ValueError as error:
            raise SuiteError(f"{error}", path) from error
        for term in claim.terms():
            check_metric(term.metric, path)
            if not term.rows(rows):
                known = list(dict.fromkeys(row.label for row in rows))
                hint = did_you_mean(term.label, known)
                listed = textwrap.shorten(", ".join(known), 400)
                raise SuiteError(f"no row is {term.label!r}{hint}; there are: {listed}", path)


def check_metric(name: str, path: KeyPath, others: tuple[str, ...] = ()) -> None:
    """Check that there is such a metric.

    Raises:
        SuiteError: If not, and it is not one of the others either.
    """
    known = [*others, *KEYS]
    if name not in known:
        hint = did_you_mean(name, known)
        raise SuiteError(f"unknown metric {name!r}{hint}; known: {', '.join(known)}", path)
