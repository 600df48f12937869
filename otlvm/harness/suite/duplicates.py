"""Labels stand for one config each: the mean of several means nothing."""

from collections.abc import Sequence

from otlvm.harness.messages import InputError, KeyPath, show_path
from otlvm.harness.suite.runs import Run
from otlvm.harness.suite.source import Source


class RepeatedLabelError(InputError):
    """A label of several configs.

    The field in which they differ may not exist, which only whoever builds their parts can tell.

    Attributes:
        runs: All runs of the suite.
        source: Where they are written, once that is known.
    """

    def __init__(
        self, message: str, path: KeyPath, runs: Sequence[Run], source: Source | None = None
    ) -> None:
        super().__init__(message, path)
        self.runs = runs
        self.source = source


def _remedy(run: Run, other: Run) -> str:
    if run.origin != other.origin:
        return (
            "give one of the two another label, or where a grid makes them name the grid's fields "
            "in it, as in 'beta={beta}'"
        )
    if run.config == other.config:
        return "give each value of the grid once"
    return "name the grid's fields in the label, as in 'beta={beta}'"


def refuse_duplicates(runs: Sequence[Run]) -> None:
    """Refuse a run that is there twice, and a label of two configs.

    Raises:
        InputError: If a run is there twice.
        RepeatedLabelError: If two configs have the same label.
    """
    seen: dict[tuple[str, int], Run] = {}
    rows: dict[str, Run] = {}
    for run in runs:
        other = seen.setdefault((run.label, run.seed), run)
        if other is not run:
            message = (
                f"label {run.label!r}, seed {run.seed} is also that of "
                f"{show_path(other.origin)}: {_remedy(run, other)}"
            )
            if other.config == run.config:
                raise InputError(message, run.origin)
            raise RepeatedLabelError(message, run.origin, runs)
        first = rows.setdefault(run.label, run)
        if first.config != run.config:
            raise RepeatedLabelError(
                f"label {run.label!r} is also that of {show_path(first.origin)}, whose config is "
                f"another: runs of one label are averaged",
                run.origin,
                runs,
            )
