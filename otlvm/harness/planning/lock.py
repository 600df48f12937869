"""What a call keeps beside its results: which runs are shown, and the lock that reruns them."""

import os
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from otlvm.harness.code.decides import code_identities
from otlvm.harness.config import (
    PLACES,
    Config,
    alike,
    beyond,
    common,
    data_key,
    get_field,
    move_saved_models,
    without_places,
)
from otlvm.harness.job import Job
from otlvm.harness.messages import InputError
from otlvm.harness.planning.identity import Content, as_written, identity_of, steps_of
from otlvm.harness.planning.jobs import resolve
from otlvm.harness.planning.plan import Plan
from otlvm.harness.planning.prior import described_prior
from otlvm.harness.store.record import Identity, Record, Row
from otlvm.harness.suite.load import Suite
from otlvm.harness.suite.lock_section import LOCK, Lock, LockedData
from otlvm.harness.suite.nodes import MOST_VALUES
from otlvm.harness.suite.predecessors import Starts, predecessors_first
from otlvm.harness.suite.runs import Run, as_template
from otlvm.harness.suite.schema import SECTIONS
from otlvm.harness.suite.yaml import dump_short, parse

Cell = tuple[str, int]
"""Label and seed."""


@dataclass(frozen=True)
class Shown:
    """The runs that a folder's tables show.

    Attributes:
        runs: The runs, in the suite's order: those of this call, and those that other calls named
            if they are of the config that the suite gives them now.
        ids: The id of each, by label and seed.
        identities: What decides the result of each.
        left_out: Labels of earlier rows whose results are of another config, data or code.
    """

    runs: list[Run]
    ids: dict[Cell, str]
    identities: dict[Cell, Identity]
    left_out: list[str]

    def rows(self) -> list[Row]:
        """Return the manifest's rows.

        Each has ``label``, ``method``, ``data``, ``seed``, ``id``, and what `described_prior` says.
        """
        return [
            {
                **run.row._asdict(),
                "seed": run.seed,
                "id": self.ids[run.label, run.seed],
                **described_prior(run.config),
            }
            for run in self.runs
        ]


def shown_runs(plan: Plan) -> Shown:
    """Choose the runs that the tables show after a call: its own, and what other calls named."""
    runs = plan.suite.runs
    ids: dict[Cell, str] = {(job.label, job.seed): job.id for job in plan.jobs}
    identities = {(job.label, job.seed): _identity(job) for job in plan.jobs}
    named = dict(_named(plan, ids))
    for job in _under_way(plan, named):
        ids[job.label, job.seed], identities[job.label, job.seed] = job.id, _identity(job)
    records = {cell: plan.store.record_or_none(id_) for cell, id_ in named.items()
               if cell not in ids}  # fmt: skip
    earlier = {cell: record for cell, record in records.items() if record is not None}
    left_out, starts = set[str](), Starts(runs)
    others = [run for run in predecessors_first(runs, starts.of)
              if (run.label, run.seed) in earlier]  # fmt: skip
    codes = code_identities((run.config for run in others), plan.suite.folder)
    for run, code in zip(others, codes, strict=True):
        cell = (run.label, run.seed)
        record = earlier[cell]
        present = _present(run, starts.of(run), code, record, ids, plan.contents)
        if present is None:
            left_out.add(run.label)
        else:
            ids[cell], identities[cell] = record["id"], present
    shown = [run for run in runs if (run.label, run.seed) in ids]
    labels = [label for label in dict.fromkeys(run.label for run in runs) if label in left_out]
    return Shown(shown, ids, identities, labels)


def _named(plan: Plan, ids: Container[Cell]) -> Iterator[tuple[Cell, str]]:
    """Yield label and seed of each other run that the manifest names, and its id."""
    try:
        rows = plan.store.manifest()["runs"]
    except (FileNotFoundError, ValueError):
        return
    for row in rows:
        cell = (row["label"], row["seed"])
        if cell not in ids:
            yield cell, row["id"]


def _under_way(plan: Plan, named: Mapping[Cell, str]) -> list[Job]:
    """Return the runs without a result that another call named, and that are of today's config.

    It may be at work on them this moment.
    """
    without = {cell for cell, id_ in named.items() if plan.store.record_or_none(id_) is None}
    runs = [run for run in plan.suite.runs if (run.label, run.seed) in without]
    try:
        jobs = resolve(plan.suite, runs) if runs else []
    except InputError:  # they are no longer what they were
        return []
    return [job for job in jobs if named[job.label, job.seed] == job.id]


def _identity(job: Job) -> Identity:
    return {
        "config": job.config,
        "seed": job.seed,
        "data_checksum": job.data_checksum,
        "code": job.code,
    }


def _present(
    run: Run,
    first: Run | None,
    code: str,
    record: Record,
    ids: Mapping[Cell, str],
    contents: Mapping[str, Content],
) -> Identity | None:
    """Return what decides a run's result now, if a record is of it; None if it is of another.

    Data that this call does not load are taken to be those of the record.
    """
    start = ids.get((first.label, first.seed)) if first is not None else None
    if first is not None and start is None:
        return None
    content = contents.get(data_key(run.config))
    if content is not None:
        checksum, steps = content.checksum, steps_of(run, content.images)
    else:
        in_epochs = get_field(run.config, "train.epochs") is not None
        checksum = record["data_checksum"]
        steps = get_field(record["config"], "train.steps") if in_epochs else None
    identity = identity_of(run, code, checksum, steps, start)
    expected = {key: without_places(value) for key, value in identity.items()}
    found = {key: without_places(record[key]) for key in expected}  # type: ignore[literal-required]
    return identity if found == expected else None


def lock_text(content: Config) -> str:
    """Write the content of a lock as a file that can be read.

    Raises:
        InputError: If it is larger than any suite file may be.
    """
    text = dump_short(content)
    if len(text) > MOST_VALUES:  # a shorter one has fewer
        try:
            parse(text)
        except InputError as error:
            raise InputError(
                f"the rows of this suite differ in more than a suite file can hold, and so its "
                f"{LOCK} could not be run: {error.message}; split the suite"
            ) from error
    return text


def lock_content(suite: Suite, runs: Sequence[Run], lock: Lock, folder: Path) -> Config:
    """Return the content of a suite file that reruns exactly these runs.

    What all of them share is written once, so that the lock of any suite can be read as one.

    Args:
        suite: The suite.
        runs: Its runs, in order.
        lock: What they ran with.
        folder: Where the file will be: relative paths of data and of saved models start there.
    """
    start = suite.folder

    def from_here(data: Config) -> Config:
        return {key: _moved(v, start, folder) if key in PLACES else v for key, v in data.items()}

    def as_seen(config: Config) -> Config:
        return move_saved_models(as_written(config), lambda place: _moved(place, start, folder))

    runs = [replace(run, config=as_seen(run.config)) for run in runs]
    shared = _shared(run.config for run in runs)
    entries: list[Config] = []
    before: Run | None = None
    for run in runs:
        if before and before.method == run.method and alike(before.config, run.config):
            entries[-1]["seeds"].append(run.seed)
        else:
            own = beyond(run.config, shared)
            own.pop("metrics", None)  # the sections ask for them
            if "data" in own:
                own["data"] = from_here(own["data"])
            entries.append({"label": as_template(run.method), **own, "seeds": [run.seed]})
        before = run
    if "data" in shared:
        shared["data"] = from_here(shared["data"])
    seeds = list(Counter(tuple(entry["seeds"]) for entry in entries).most_common(1)[0][0])
    for entry in entries:
        if entry["seeds"] == seeds:
            del entry["seeds"]
    locked = lock.model_dump()
    for item in locked["data"]:
        item["data"] = from_here(item["data"])
    sections = suite.sections()
    return {"name": suite.name, **shared, "seeds": seeds, "runs": entries, **sections,
            "lock": locked}  # fmt: skip


def _shared(configs: Iterable[Config]) -> Config:
    """Return what configs share of each section; of data all or nothing, for they name rows."""
    each = [{key: v for key, v in config.items() if key in SECTIONS} for config in configs]
    shared = common(each)
    if not all(alike(config["data"], each[0]["data"]) for config in each):
        shared.pop("data", None)
    return shared


def _moved(place: object, start: Path, folder: Path) -> object:
    """Write a relative path, which starts at one folder, as seen from another."""
    if not isinstance(place, str) or place.startswith("~") or Path(place).is_absolute():
        return place
    return os.path.relpath(start / place, folder.resolve())


def lock_of(plan: Plan, shown: Shown, device: str, threads: int | None, here: Config) -> Lock:
    """Say what runs ran with: those that are kept, else those that now begin.

    Args:
        plan: What the call does.
        shown: The runs that its tables show.
        device: Where runs train now.
        threads: Torch's threads of each.
        here: Versions, revision and machine of this call.
    """
    if plan.kept_environment is not None:
        here = {**plan.kept_environment}
        device, threads = here["device"].partition(":")[0], here["threads"]
    identities = list(shown.identities.values())
    data = {data_key(each["config"]): each for each in identities}
    return Lock(
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        device=device,
        threads=threads,
        code=sorted({each["code"] for each in identities}),
        data=[
            LockedData(data=each["config"]["data"], checksum=each["data_checksum"])
            for each in data.values()
        ],
        environment=here,
    )
