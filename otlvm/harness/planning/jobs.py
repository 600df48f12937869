"""From a suite's runs to jobs: all that decides each result, checked before any training."""

from collections.abc import Sequence
from dataclasses import dataclass

from otlvm.data import relative_to
from otlvm.harness.code.decides import code_identities
from otlvm.harness.config import data_key
from otlvm.harness.job import START_FIELD, Job
from otlvm.harness.messages import InputError, no_row
from otlvm.harness.planning.columns import check_columns
from otlvm.harness.planning.identity import Content, check_within_steps, identity_of, steps_of
from otlvm.harness.planning.metrics import check_names
from otlvm.harness.planning.parts import Datasets, prepare
from otlvm.harness.store.record import run_id
from otlvm.harness.suite.load import Suite
from otlvm.harness.suite.predecessors import Starts, predecessors_first
from otlvm.harness.suite.runs import Run, rows_meant
from otlvm.wording import flow


def choose(suite: Suite, patterns: Sequence[str]) -> list[Run]:
    """Return the runs of the rows that labels or patterns mean, in the suite's order.

    All of them without a pattern.

    Raises:
        InputError: If one of them means no row.
    """
    if not patterns:
        return suite.runs
    rows = set()
    for pattern in patterns:
        meant = rows_meant(pattern, (run.row for run in suite.runs))
        if not meant:
            known = (run.label for run in suite.runs)
            raise InputError(f"--only {pattern}: {no_row(pattern, known)}")
        rows.update(meant)
    return [run for run in suite.runs if run.row in rows]


@dataclass(frozen=True)
class Resolved:
    """Runs of a suite, with all that decides their results.

    Attributes:
        jobs: The job of each, in order.
        contents: What their data hold, by `data_key`.
    """

    jobs: list[Job]
    contents: dict[str, Content]


def resolve(suite: Suite, runs: Sequence[Run]) -> list[Job]:
    """Return the jobs of runs; see `resolve_all`."""
    return resolve_all(suite, runs).jobs


def resolve_all(suite: Suite, runs: Sequence[Run]) -> Resolved:
    """Check everything that can be wrong before training, and resolve what decides each result.

    A run that starts from another's model is resolved with it: its config then names that run's id
    instead of a label, so that it is another run as soon as the model is another.

    Raises:
        InputError: If something is wrong, or data are not those of the suite's lock.
    """
    starts = Starts(suite.runs)
    needed = predecessors_first(runs, starts.of)
    try:
        with relative_to(suite.folder):
            data = prepare(needed)
        for run in needed:
            _check_shapes(run, starts.of(run), data)
        contents = {key: Content(each.checksum, len(each.x_train)) for key, each in data.items()}
        steps = [steps_of(run, contents[data_key(run.config)].images) for run in needed]
        for run, count in zip(needed, steps, strict=True):
            check_within_steps(run, count)
        check_names(suite)
        check_columns(suite, needed)
    except InputError as error:
        raise InputError(suite.locate(error)) from error
    jobs: dict[tuple[str, int], Job] = {}
    folder = str(suite.folder)
    codes = code_identities((run.config for run in needed), folder)
    for run, count, code in zip(needed, steps, codes, strict=True):
        first = starts.of(run)
        start = jobs[first.label, first.seed] if first else None
        checksum = contents[data_key(run.config)].checksum
        identity = identity_of(run, code, checksum, count, start.id if start else None)
        jobs[run.label, run.seed] = Job(
            run_id(identity),
            **identity,
            label=run.label,
            limits=suite.limits,
            start=start,
            folder=folder,
        )
    _check_data(suite, list(jobs.values()))
    return Resolved([jobs[run.label, run.seed] for run in runs], contents)


def _check_shapes(run: Run, first: Run | None, data: Datasets) -> None:
    """Check that a run's images have the shape of those of the run from whose model it starts."""
    if first is None:
        return
    there, here = (data[data_key(each.config)].image_shape for each in (first, run))
    if there != here:
        raise InputError(
            f"{first.label!r} trains on images of shape {list(there)}, and {run.label!r} on images "
            f"of {list(here)}: start from a row of the same shape",
            (*run.origin, *START_FIELD.split(".")),
        )


def with_starts(jobs: Sequence[Job]) -> list[Job]:
    """Return jobs and those from whose models they start, these first and each row's seed once."""
    return predecessors_first(jobs, lambda job: job.start)


def _check_data(suite: Suite, jobs: Sequence[Job]) -> None:
    locked = {data_key(item.model_dump()): item for item in suite.lock.data} if suite.lock else {}
    for job in jobs:
        item = locked.get(data_key(job.config))
        if item is not None and item.checksum != job.data_checksum:
            shown = flow(job.config["data"], 200)
            raise InputError(
                f"{suite.file.path}: the data {shown} are not those that it was locked with: their "
                f"checksum is {job.data_checksum}, it was {item.checksum}"
            )
