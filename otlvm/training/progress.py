"""A progress bar for notebooks and terminals."""

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from otlvm.training.meter import Row

SHOWN = ("loss", "reconstruction", "regularizer")


class ProgressBar:
    """Shows the steps of a training and its newest row; rich draws it, in Jupyter too.

    Args:
        steps: Training steps.
        shown: Whether to draw anything.
    """

    def __init__(self, steps: int, shown: bool) -> None:
        self._progress = Progress(
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[numbers]}", markup=False),
            disable=not shown,
        )
        self._task = self._progress.add_task("fit", total=steps, numbers="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._progress.disable:  # or rich before 15 ends the line that it never began
            self._progress.refresh()  # Jupyter would keep the last but one state
            self._progress.stop()

    def step(self, step: int) -> None:
        """Show that a step is done."""
        self._progress.update(self._task, completed=step)

    def row(self, row: Row) -> None:
        """Show a row of the history."""
        numbers = "  ".join(f"{name} {row[name]:.4g}" for name in SHOWN if name in row)
        self._progress.update(self._task, numbers=numbers)
