"""What a tracker is. It decides no result: nothing of it enters a run's id or a suite's lock."""

from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path

from otlvm.harness.trackers.logged import LoggedRun, LoggedSuite
from otlvm.registry import Registry


class Tracker(ABC):
    """Logs a suite's runs, and its tables and figures, somewhere.

    It is built twice: before any training, where its constructor checks what it was given and
    contacts nobody, and in the process of its own where it works. There it may be slow, hang or
    raise: that costs a warning, and it is off for the rest of the call. When the call is stopped,
    what it is doing is interrupted by `KeyboardInterrupt`, and it has three seconds to close what
    it has open.

    Args:
        root: The folder of the suite's results.
        suite: The suite's name.
    """

    def __init__(self, root: Path, suite: str) -> None:
        self.root = root
        self.suite = suite

    @abstractmethod
    def log_run(self, run: LoggedRun) -> None:
        """Log a run whose result is in the store, unless this very result is logged already.

        Every call of a suite passes each of its runs once, those that were kept too. No other
        process logs to the same tracker for the same folder meanwhile.
        """

    @abstractmethod
    def log_suite(self, suite: LoggedSuite) -> None:
        """Log the suite's tables and figures in place of what an earlier call logged."""


def require(*modules: str) -> None:
    """Check that modules are installed, without importing them.

    Raises:
        ModuleNotFoundError: If one is not.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise ModuleNotFoundError(
            f"needs more packages: pip install 'otlvm[trackers]' ({missing[0]} is not installed)"
        )


trackers: Registry[Tracker] = Registry("tracker", Tracker, context=("root", "suite"))
