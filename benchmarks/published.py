"""Values of the literature, shown beside a suite's own."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.table_check import check_metric
from benchmarks.table_schema import Entry, Published
from benchmarks.validation import validated
from benchmarks.yaml_file import SuiteError, YamlFile
from otlvm.registry import did_you_mean

FILE = Path(__file__).with_name("published.yaml")


def shipped() -> list[Published]:
    """Return the values that come with the toolkit."""
    return [validated(Published, entry) for entry in YamlFile(FILE).content]


def choose_published(wanted: str | Sequence[Entry]) -> list[Published]:
    """Resolve what a suite says under ``published:``.

    Args:
        wanted: ``all``, or names of methods and entries of the suite's own.

    Raises:
        SuiteError: If there is no such method or metric, or an entry is not complete.
    """
    known = shipped()
    if wanted == "all":
        return known
    if isinstance(wanted, str):
        message = f"expected 'all' or a list, such as [{wanted}], got {wanted!r}"
        raise SuiteError(message, ("published",))
    chosen: list[Published] = []
    methods = list(dict.fromkeys(row.method for row in known))
    for index, entry in enumerate(wanted):
        path = ("published", index)
        if isinstance(entry, dict):
            row = validated(Published, entry, path)
            check_metric(row.metric, (*path, "metric"))
            chosen.append(row)
        elif entry not in methods:
            hint = did_you_mean(entry, methods)
            message = f"no method {entry!r} ships{hint}; there are: {', '.join(methods)}"
            raise SuiteError(message, path)
        elif entry in wanted[:index]:
            raise SuiteError(f"{entry} is given twice", path)
        else:
            chosen += [row for row in known if row.method == entry]
    return chosen
