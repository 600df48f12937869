"""The schema of a suite's ``lock:`` section: what its runs ran with."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from otlvm.harness.config import Config
from otlvm.harness.job import Job
from otlvm.harness.suite.validation import Strict
from otlvm.wording import flow

LOCK = "suite.lock.yaml"
"""The file that the harness writes it into, beside the results."""


class LockedData(Strict):
    """A data set and the checksum of its content."""

    data: dict[str, Any]
    checksum: str


class Lock(Strict):
    """What a suite ran with.

    Attributes:
        written: When.
        device: Where its runs trained.
        threads: Torch's threads of each run, which change results in the last digits.
        code: Hashes of the code that decides results: the library's and that of plug-ins.
        data: Its data sets.
        environment: Versions, revision and machine.
    """

    written: str
    device: str
    threads: int | None = Field(None, gt=0, le=1024)
    code: list[str]
    data: list[LockedData]
    environment: dict[str, Any]

    def differences(self, jobs: Sequence[Job], environment: Config) -> Iterator[str]:
        """Yield a line for whatever may make results differ."""
        changed = {job.code for job in jobs} - set(self.code)
        if changed:
            before, now = self.environment.get("git"), environment.get("git")
            yield f"the code that decides results: git {before} there, {now} here"
        checksums = {item.checksum for item in self.data}
        for name in dict.fromkeys(
            flow(job.config["data"], 200) for job in jobs if job.data_checksum not in checksums
        ):
            yield f"the data {name} were not locked: they may be others"
        for key, value in self.environment.items():
            if key not in ("git", "threads") and environment.get(key) != value:
                yield f"{key}: {value} there, {environment.get(key)} here"
