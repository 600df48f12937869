"""Where runs execute on this machine: in processes of their own, or in this one."""

from pathlib import Path
from typing import Any, Protocol

import torch

from otlvm.harness.code.running import CodeChangedError
from otlvm.harness.execution.child import Child, End
from otlvm.harness.execution.stops import Stops
from otlvm.harness.job import Job
from otlvm.harness.store.work_folder import read_progress
from otlvm.harness.worker.machine import threads_each
from otlvm.harness.worker.work import Control, work
from otlvm.training import InterruptedTrainingError


class BackendLostError(RuntimeError):
    """What executes runs is gone, through no fault of theirs."""


class Handle(Protocol):
    """A run under way."""

    def poll(self) -> End | None:
        """Return how it ended; None while it runs."""

    def stop(self, grace: float) -> None:
        """Ask it to save its state and stop, within some seconds of grace."""

    def kill(self) -> None:
        """End it at once."""

    def tell_neighbours(self, count: int) -> None:
        """Say how many runs share the machine, itself included."""

    def progress(self) -> dict[str, Any] | None:
        """Return the newest row of its learning curve, with ``steps``."""


class Launcher(Protocol):
    """A place where runs execute."""

    @property
    def slots(self) -> int:
        """How many at a time."""

    def launch(self, job: Job, folder: Path) -> Handle:
        """Start a run that works in a folder."""


class Processes:
    """Runs in processes of their own, several at a time.

    Args:
        jobs: How many at a time.
        device: ``cpu``, or ``cuda`` for all GPUs in turn.
        threads: Torch's threads of each run; None shares the cores out.
    """

    def __init__(self, jobs: int, device: str, threads: int | None = None) -> None:
        self.slots = jobs
        self._threads = threads_each(jobs, threads)
        count = torch.cuda.device_count() if device == "cuda" else 0
        self._devices = [f"cuda:{index}" for index in range(count)] or [device]
        self._running: list[tuple[str, Child]] = []

    def launch(self, job: Job, folder: Path) -> Child:
        """Start a run on the device that has the fewest."""
        self._running = [(device, child) for device, child in self._running if child.running()]
        busy = [device for device, _ in self._running]
        device = min(self._devices, key=busy.count)
        child = Child(job.on(device, self._threads), folder)
        self._running.append((device, child))
        return child


class Inline:
    """Runs in this process, one at a time: for a debugger. No isolation, no timeout.

    Args:
        device: The device.
        stops: Whether it shall stop.
        threads: Torch's threads while it runs; None leaves them as they are.
    """

    slots = 1

    def __init__(self, device: str, stops: Stops, threads: int | None = None) -> None:
        self._device = device
        self._stops = stops
        self._threads = threads

    def launch(self, job: Job, folder: Path) -> "Finished":
        """Execute a run, whole."""
        control, before = _StopsControl(self._stops), torch.get_num_threads()
        try:
            work(job.on(self._device, self._threads), folder, control)
        except InterruptedTrainingError:
            return Finished(End("interrupted"), folder)
        except CodeChangedError as error:
            return Finished(End("other code", str(error)), folder)
        except OSError as error:
            return Finished(End("no storage", f"{type(error).__name__}: {error}"), folder)
        finally:
            torch.set_num_threads(before)  # the process is not the run's alone
        return Finished(End("finished"), folder)


class Finished:
    """A run that ended before anybody could ask.

    Args:
        end: How it ended.
        folder: Where it worked.
    """

    def __init__(self, end: End, folder: Path) -> None:
        self._end = end
        self._folder = folder

    def poll(self) -> End:
        """Return how it ended."""
        return self._end

    def stop(self, grace: float) -> None:
        """Do nothing: it has ended."""

    def kill(self) -> None:
        """Do nothing: it has ended."""

    def tell_neighbours(self, count: int) -> None:
        """Do nothing: it has ended."""

    def progress(self) -> dict[str, Any] | None:
        """Return the newest row of its learning curve."""
        return read_progress(self._folder)


class _StopsControl(Control):
    """Takes its orders from this process's signals."""

    def __init__(self, stops: Stops) -> None:
        super().__init__()
        self._stops = stops

    def should_stop(self) -> bool:
        return self._stops.count > 0
