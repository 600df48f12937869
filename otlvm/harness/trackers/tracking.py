"""Tells the trackers of a suite what becomes of it; one that is down costs a warning."""

import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from otlvm.harness.config import as_mapping, tell_apart
from otlvm.harness.job import Job
from otlvm.harness.messages import InputError
from otlvm.harness.store.record import Record
from otlvm.harness.store.store import Store
from otlvm.harness.trackers.base import trackers
from otlvm.harness.trackers.process import TrackerDownError, TrackerProcess
from otlvm.registry import RegistryError
from otlvm.wording import flow

WAIT_SECONDS = 120.0
POLL_SECONDS = 0.02


class Tracking:
    """The trackers of a suite, as a `otlvm.harness.execution.progress.Observer`.

    Runs are logged when their results are in the store, whoever computed them. Leaving it waits
    until all is logged, within bounds and unless something went wrong; what is not logged then is
    logged by the next call.

    Args:
        specs: The suite's ``track:``.
        store: Its results.
        suite: Its name.
        console: Where to warn.

    Raises:
        InputError: If a tracker is unknown, does not fit or is not installed.
    """

    def __init__(
        self, specs: Sequence[str | dict[str, Any]], store: Store, suite: str, console: Console
    ) -> None:
        full = [as_mapping(spec) for spec in specs]
        for index, spec in enumerate(full):
            _check(spec, index, store, suite)
            if spec in full[:index]:
                raise InputError(f"{flow(specs[index])} is given twice", ("track", index))
        names = tell_apart(full)
        self._console = console
        self._up = [
            TrackerProcess(name, spec, store, suite) for name, spec in zip(names, full, strict=True)
        ]

    def __enter__(self) -> "Tracking":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._wait()
        except KeyboardInterrupt:
            for tracker in self._up:
                if tracker.left():
                    self._turn_off(tracker, "the wait for it was interrupted")
        finally:
            self.abandon()

    def start(self, job: Job) -> None:
        """Log nothing of it yet: a run is logged when it has ended."""
        self._pump()

    def row(self, job: Job, row: dict[str, Any]) -> None:
        """Log nothing of it yet: curves are logged whole."""
        self._pump()

    def wait(self, job: Job, note: str) -> None:
        """Log nothing of a run that somebody else has."""
        self._pump()

    def finish(self, job: Job, record: Record | None, note: str = "") -> None:
        """Log a run, unless it has no result."""
        if record is not None:
            self._put((job.label, job.id))

    def finish_suite(self) -> None:
        """Log the tables and figures."""
        self._put(None)

    def abandon(self) -> None:
        """Kill all trackers, whatever they are doing."""
        for tracker in self._up:
            tracker.kill()
        self._up = []

    def _put(self, message: tuple[str, str] | None) -> None:
        for tracker in self._up:
            tracker.put(message)
        self._pump()

    def _pump(self) -> None:
        for tracker in list(self._up):
            try:
                tracker.pump()
            except TrackerDownError as error:
                self._turn_off(tracker, str(error))

    def _wait(self) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while any(tracker.left() for tracker in self._up):
            if time.monotonic() > end:
                for tracker in [each for each in self._up if each.left()]:
                    self._turn_off(tracker, f"{tracker.left()} not logged after {WAIT_SECONDS:g} s")
                return
            self._pump()
            time.sleep(POLL_SECONDS)

    def _turn_off(self, tracker: TrackerProcess, cause: str) -> None:
        self._up.remove(tracker)
        tracker.kill()
        self._console.print(
            f"tracker {tracker.name} is off: {_shorten(cause)}\n"
            f"Results are the same without it; the same command logs what is missing. Its log: "
            f"{tracker.log}",
            style="yellow",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _check(spec: Any, index: int, store: Store, suite: str) -> None:
    """Build a tracker once, without contacting anybody."""
    try:
        trackers.build(spec, root=store.root, suite=suite)
    except RegistryError as error:
        raise InputError(str(error), ("track", index, *error.path)) from error


def _shorten(cause: str) -> str:
    """Keep a long message's beginning and its end, which tells the cause."""
    return cause if len(cause) < 400 else f"{cause[:150]} ... {cause[-200:]}"
