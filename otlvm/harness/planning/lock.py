"""The lock file: a suite that reruns exactly these runs, and what they ran with."""

from collections.abc import Sequence
from datetime import UTC, datetime

from otlvm.harness.config import Config, data_key
from otlvm.harness.job import Job
from otlvm.harness.suite.lock_section import Lock, LockedData
from otlvm.harness.suite.runs import Run, as_template

LOCK = "suite.lock.yaml"


def lock_content(name: str, runs: Sequence[Run], lock: Lock, sections: Config) -> Config:
    """Return the content of a suite file that reruns exactly these runs.

    Args:
        name: The suite's name.
        runs: Its runs, in order.
        lock: What they ran with.
        sections: Sections that decide no result, such as ``table``.
    """
    entries: list[Config] = []
    for run in runs:
        row = {"label": as_template(run.method), **run.config}
        if entries and {**entries[-1], "seeds": None} == {**row, "seeds": None}:
            entries[-1]["seeds"].append(run.seed)
        else:
            entries.append({**row, "seeds": [run.seed]})
    return {"name": name, "runs": entries, **sections, "lock": lock.model_dump()}


def lock_of(jobs: Sequence[Job], device: str, threads: int | None, environment: Config) -> Lock:
    """Say what jobs run with."""
    data = {data_key(job.config): (job.config["data"], job.data_checksum) for job in jobs}
    return Lock(
        written=datetime.now(UTC).isoformat(timespec="seconds"),
        device=device,
        threads=threads,
        code=sorted({job.code for job in jobs}),
        data=[LockedData(data=spec, checksum=checksum) for spec, checksum in data.values()],
        environment=environment,
    )
