"""From a suite's runs to jobs: all that decides each result, checked before any training."""

import fnmatch
import textwrap
from collections.abc import Sequence

from benchmarks.expand import Run
from benchmarks.job import Job
from benchmarks.prepare import code_identities, data_key, prepare
from benchmarks.record import Record, run_id
from benchmarks.suite import Suite
from benchmarks.yaml_file import SuiteError


def choose(suite: Suite, pattern: str | None) -> list[Run]:
    """Return the runs whose label is or matches a pattern; all without one.

    Raises:
        SuiteError: If no label does.
    """
    chosen = [
        r for r in suite.runs if pattern in (None, r.label) or fnmatch.fnmatchcase(r.label, pattern)
    ]
    if not chosen:
        labels = textwrap.shorten(", ".join(dict.fromkeys(r.label for r in suite.runs)), 800)
        raise SuiteError(f"--only {pattern}: no row matches; there are: {labels}")
    return chosen


def resolve(suite: Suite, runs: list[Run]) -> list[Job]:
    """Check everything that can be wrong before training, and resolve what decides each result.

    Raises:
        SuiteError: If something is wrong, or data are not those of the suite's lock.
    """
    try:
        data = prepare(runs)
    except SuiteError as error:
        raise SuiteError(suite.locate(error)) from error
    checksums = {key: dataset.checksum for key, dataset in data.items()}
    jobs = []
    for run, code in zip(runs, code_identities(run.config for run in runs), strict=True):
        checksum = checksums[data_key(run.config)]
        identity: Record = {
            "config": run.config,
            "seed": run.seed,
            "data_checksum": checksum,
            "code": code,
        }
        jobs.append(Job(run_id(identity), **identity, label=run.label, limits=suite.limits))
    _check_data(suite, jobs)
    return jobs


def _check_data(suite: Suite, jobs: Sequence[Job]) -> None:
    locked = {data_key(item.model_dump()): item for item in suite.lock.data} if suite.lock else {}
    for job in jobs:
        item = locked.get(data_key(job.config))
        if item is not None and item.checksum != job.data_checksum:
            raise SuiteError(
                f"{suite.file.path}: the data {job.config['data']} are not those that it was "
                f"locked with: their checksum is {job.data_checksum}, it was {item.checksum}"
            )
