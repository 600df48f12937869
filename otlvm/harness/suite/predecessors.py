"""Runs that start from the trained model of another run of their suite."""

import textwrap
from collections.abc import Iterable, Sequence

from otlvm.harness.config import get_field
from otlvm.harness.job import START_FIELD
from otlvm.harness.messages import InputError
from otlvm.harness.suite.runs import Run
from otlvm.registry import did_you_mean


def check_starts(runs: Sequence[Run]) -> None:
    """Check that each run that starts from another's model can.

    Raises:
        InputError: If there is no such row, seed or model, the model is another, or a run would
            start from itself.
    """
    for run in runs:
        seen = [run]
        while (first := start_of(seen[-1], runs)) is not None:
            if first in seen:
                raise InputError(f"{run.label!r} would start from itself", _path(run))
            seen.append(first)


def start_of(run: Run, runs: Iterable[Run]) -> Run | None:
    """Return the run of the same seed from whose model a run starts; None for most runs.

    Raises:
        InputError: If there is no such run, or it trains no model of the same form.
    """
    if get_field(run.config, "train.start.name") != "trained":
        return None
    label = get_field(run.config, START_FIELD)
    rows = [
        other
        for other in runs
        if label == other.label or (label == other.method and other.data == run.data)
    ]
    if not rows:
        known = list(dict.fromkeys(other.label for other in runs))
        listed = textwrap.shorten(", ".join(known), 400)
        hint = did_you_mean(str(label), known)
        raise InputError(f"no row is {label!r}{hint}; there are: {listed}", _path(run))
    found = [other for other in rows if other.seed == run.seed]
    if not found:
        seeds = ", ".join(str(other.seed) for other in rows)
        raise InputError(f"{label!r} has no seed {run.seed}, but {seeds}", _path(run))
    first = found[0]
    if "baseline" in first.config:
        raise InputError(f"{label!r} is a baseline: it trains no model", _path(run))
    if first.config["model"] != run.config["model"]:
        raise InputError(
            f"{label!r} trains another model: {first.config['model']}, not {run.config['model']}",
            _path(run),
        )
    return first


def _path(run: Run) -> tuple[str | int, ...]:
    return (*run.origin, *START_FIELD.split("."))
