"""Who is told how a suite goes, and the bars of a terminal; one plain line per run elsewhere."""

from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from otlvm.harness.job import Job
from otlvm.harness.messages import say
from otlvm.harness.store.record import Record
from otlvm.wording import printable

SHOWN = ("loss", "bce", "nll", "accuracy", "components_used")
SUMMARY = {"accuracy": ".3f", "bce": ".1f", "nll": ".1f", "fit_seconds": ".1f"}


class Observer(Protocol):
    """Who wants to know how it goes."""

    def start(self, job: Job) -> None:
        """A run has begun."""

    def row(self, job: Job, row: dict[str, Any]) -> None:
        """A run has a new row of its learning curve."""

    def wait(self, job: Job, note: str) -> None:
        """Something is to be said of a run before it begins: who has it, what was in its way."""

    def finish(self, job: Job, record: Record | None, note: str = "") -> None:
        """A run is over; without a record it was interrupted or not executed: the note says why."""


class Observers:
    """Passes everything on to each.

    Args:
        observers: To whom.
    """

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def start(self, job: Job) -> None:
        """Begin a run."""
        for observer in self._observers:
            observer.start(job)

    def row(self, job: Job, row: dict[str, Any]) -> None:
        """Pass on the newest row of a run's learning curve."""
        for observer in self._observers:
            observer.row(job, row)

    def wait(self, job: Job, note: str) -> None:
        """Pass on what is to be said of a run before it begins."""
        for observer in self._observers:
            observer.wait(job, note)

    def finish(self, job: Job, record: Record | None, note: str = "") -> None:
        """End a run."""
        for observer in self._observers:
            observer.finish(job, record, note)


class SuiteProgress:
    """A bar for the suite and one for each run under way, on a terminal.

    Args:
        total: How many runs there are.
        console: Where to draw.
    """

    def __init__(self, total: int, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed:.0f}/{task.total:.0f}"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[numbers]}", markup=False),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._suite = self._progress.add_task("suite", total=total, numbers="")
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> "SuiteProgress":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._progress.disable:  # or rich before 15 ends the line that it never began
            self._progress.stop()

    def start(self, job: Job) -> None:
        """Begin a run."""
        steps = job.config.get("train", {}).get("steps", 1)
        self._bars[job.id] = self._progress.add_task(_title(job), total=steps, numbers="")

    def row(self, job: Job, row: dict[str, Any]) -> None:
        """Show the newest row of a run's learning curve."""
        numbers = "  ".join(f"{name} {row[name]:.4g}" for name in SHOWN if name in row)
        self._progress.update(self._bars[job.id], completed=row["step"], numbers=numbers)

    def wait(self, job: Job, note: str) -> None:
        """Say who has a run, or what was in its way."""
        say(self._console, f"{_title(job)}: {printable(note)}")

    def finish(self, job: Job, record: Record | None, note: str = "") -> None:
        """End a run with a line that stays."""
        if job.id in self._bars:
            self._progress.remove_task(self._bars.pop(job.id))
        outcome = [] if record is None else [_outcome(record)]
        line = f"{_title(job)}: {', '.join([*outcome, note] if note else outcome)}"
        say(self._console, line)
        self._progress.advance(self._suite)

    def skip(self, count: int) -> None:
        """Count runs that are kept, too many to be listed."""
        say(self._console, f"{count:,} runs that are done are kept")
        self._progress.advance(self._suite, count)


def _title(job: Job) -> str:
    return printable(f"{job.label}, seed {job.seed}")


def _outcome(record: Record) -> str:
    if record["reason"]:
        return f"{record['status']} ({record['reason']})"
    metrics = record["metrics"]
    numbers = [f"{key} {metrics[key]:{form}}" for key, form in SUMMARY.items() if key in metrics]
    return ", ".join([record["status"], *numbers])
