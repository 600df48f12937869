"""A job: everything that a process, here or elsewhere, needs to execute one run. Plain data."""

from dataclasses import dataclass, replace
from typing import Any

from otlvm.harness.config import Config

START_FIELD = "train.start.run"


@dataclass(frozen=True)
class Limits:
    """What a run may cost, and how often it saves its state; none of it decides the result.

    Attributes:
        timeout: Seconds after which a run is killed; None never does.
        memory_mb: MiB of memory beyond which allocations fail; None is the machine's limit.
        checkpoint_steps: Steps between checkpoints, if counted in steps.
        checkpoint_seconds: Seconds between checkpoints, if counted in time.
    """

    timeout: float | None = None
    memory_mb: int | None = None
    checkpoint_steps: int | None = None
    checkpoint_seconds: float | None = 60.0


@dataclass(frozen=True)
class Job:
    """One run to execute.

    Attributes:
        id: Content hash of the four fields of a record's identity, which follow.
        config: The run's config.
        seed: Its seed.
        data_checksum: What its data must be.
        code: Hash of the code that decides its result.
        label: The row it was computed for.
        device: Where it trains, such as ``cpu`` or ``cuda:1``.
        threads: Torch's threads; None leaves them as they are.
        limits: What it may cost.
        side_by_side: How many runs may share its machine, itself included.
        start: The job from whose model it starts, if it starts from one.
        folder: Where relative paths of its data start.
        learnt_since: What other runs learnt before this moment it learns again: seconds, of the
            store's clock.
    """

    id: str
    config: Config
    seed: int
    data_checksum: str
    code: str
    label: str
    device: str = "cpu"
    threads: int | None = None
    limits: Limits = Limits()
    side_by_side: int = 1
    start: "Job | None" = None
    folder: str = "."
    learnt_since: float = 0.0

    def on(self, device: str, threads: int | None) -> "Job":
        """Return the same job for a device and a number of threads."""
        return replace(self, device=device, threads=threads)

    def beside(self, side_by_side: int) -> "Job":
        """Return the same job for a machine with so many runs."""
        return replace(self, side_by_side=side_by_side)

    def identity(self) -> dict[str, Any]:
        """Return the fields that decide the result, with the id."""
        names = ("id", "config", "seed", "data_checksum", "code")
        return {name: getattr(self, name) for name in names}
