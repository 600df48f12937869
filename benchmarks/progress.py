"""Progress of a suite and of the run inside it; silent when nobody watches."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

SHOWN = ("loss", "bce", "accuracy", "components_used")


class SuiteProgress:
    """Two bars on a terminal, one plain line a finished run elsewhere.

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
        self._run = self._progress.add_task("", total=1, numbers="", visible=False)

    def __enter__(self) -> "SuiteProgress":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def start(self, title: str, steps: int) -> None:
        """Begin a run of so many steps."""
        self._progress.reset(self._run, total=steps, description=title, visible=True, numbers="")

    def row(self, row: dict[str, float]) -> None:
        """Show a row of the learning curve."""
        numbers = "  ".join(f"{name} {row[name]:.4g}" for name in SHOWN if name in row)
        self._progress.update(self._run, completed=row["step"], numbers=numbers)

    def finish(self, line: str) -> None:
        """End a run with a line that stays."""
        self._console.print(line, markup=False, highlight=False)
        self._progress.advance(self._suite)
