"""From a suite's runs to jobs: all that decides each result, checked before any training."""

import fnmatch
import textwrap
from collections.abc import Iterable, Sequence

from otlvm.harness.config import data_key, set_field
from otlvm.harness.job import START_FIELD, Job
from otlvm.harness.messages import InputError
from otlvm.harness.planning.code import code_identities
from otlvm.harness.planning.parts import prepare
from otlvm.harness.store.record import Record, run_id
from otlvm.harness.suite.load import Suite
from otlvm.harness.suite.predecessors import start_of
from otlvm.harness.suite.runs import Run


def choose(suite: Suite, pattern: str | None) -> list[Run]:
    """Return the runs whose label is or matches a pattern; all without one.

    Raises:
        InputError: If no label does.
    """
    chosen = [
        r for r in suite.runs if pattern in (None, r.label) or fnmatch.fnmatchcase(r.label, pattern)
    ]
    if not chosen:
        labels = textwrap.shorten(", ".join(dict.fromkeys(r.label for r in suite.runs)), 800)
        raise InputError(f"--only {pattern}: no row matches; there are: {labels}")
    return chosen


def resolve(suite: Suite, runs: list[Run]) -> list[Job]:
    """Check everything that can be wrong before training, and resolve what decides each result.

    A run that starts from another's model is resolved with it: its config then names that run's id
    instead of a label, so that it is another run as soon as the model is another.

    Raises:
        InputError: If something is wrong, or data are not those of the suite's lock.
    """
    needed = _with_starts(suite, runs)
    try:
        data = prepare(needed)
    except InputError as error:
        raise InputError(suite.locate(error)) from error
    checksums = {key: dataset.checksum for key, dataset in data.items()}
    jobs: dict[tuple[str, int], Job] = {}
    for run, code in zip(needed, code_identities(run.config for run in needed), strict=True):
        first = start_of(run, suite.runs)
        start = jobs[first.label, first.seed] if first else None
        identity: Record = {
            "config": set_field(run.config, START_FIELD, start.id) if start else run.config,
            "seed": run.seed,
            "data_checksum": checksums[data_key(run.config)],
            "code": code,
        }
        jobs[run.label, run.seed] = Job(
            run_id(identity), **identity, label=run.label, limits=suite.limits, start=start
        )
    _check_data(suite, list(jobs.values()))
    return [jobs[run.label, run.seed] for run in runs]


def _with_starts(suite: Suite, runs: Sequence[Run]) -> list[Run]:
    """Return runs and those from whose models they start, these first and each once."""
    found: dict[tuple[str, int], Run] = {}

    def add(run: Run) -> None:
        first = start_of(run, suite.runs)
        if first is not None:
            add(first)
        found.setdefault((run.label, run.seed), run)

    for run in runs:
        add(run)
    return list(found.values())


def _check_data(suite: Suite, jobs: Sequence[Job]) -> None:
    locked = {data_key(item.model_dump()): item for item in suite.lock.data} if suite.lock else {}
    for job in jobs:
        item = locked.get(data_key(job.config))
        if item is not None and item.checksum != job.data_checksum:
            raise InputError(
                f"{suite.file.path}: the data {job.config['data']} are not those that it was "
                f"locked with: their checksum is {job.data_checksum}, it was {item.checksum}"
            )


def with_starts(jobs: Iterable[Job]) -> list[Job]:
    """Return jobs and those from whose models they start, these first and each row's seed once."""
    found: dict[tuple[str, int], Job] = {}

    def add(job: Job) -> None:
        if job.start is not None:
            add(job.start)
        found.setdefault((job.label, job.seed), job)

    for job in jobs:
        add(job)
    return list(found.values())
