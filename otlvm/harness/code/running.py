"""The code that a process runs is the code that its job was planned with, or it runs nothing."""

import contextlib
import hashlib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from otlvm.harness.code.decides import (
    code_identities,
    library_files,
    plugin_modules,
    plugins_hash,
)
from otlvm.harness.code.plugins import plugin_files
from otlvm.harness.config import CODE, MEASURED
from otlvm.harness.job import Job


class CodeChangedError(RuntimeError):
    """A process has other code than its job was planned with: its result would be another's."""


class RunningCode:
    """The code that this process has imported for a job.

    It is imported here, and compared before and after: a file that is edited meanwhile is noticed.

    Args:
        job: The job.

    Raises:
        CodeChangedError: If it is not what the job was planned with.
    """

    def __init__(self, job: Job) -> None:
        modules = plugin_modules(job.config)
        _check(job, modules)
        for name in modules:
            with contextlib.suppress(Exception):  # whoever builds the part is told
                importlib.import_module(name)
        _check(job, modules)
        paths = [*library_files(), *(path for name in modules for _, path in plugin_files(name)[1])]
        self._digests = {path: _digest(path) for path in paths}
        self._imported = set(sys.modules)

    def check_late_imports(self) -> None:
        """Check what was imported since: inside functions, while the job ran.

        Raises:
            CodeChangedError: If such a file was edited after the job began.
        """
        for name in sys.modules.keys() - self._imported:
            path = Path(str(getattr(sys.modules[name], "__file__", None))).resolve()
            if path in self._digests and _digest(path) != self._digests[path]:
                raise CodeChangedError(f"{path} was edited before this run imported it")


def _check(job: Job, modules: Sequence[str]) -> None:
    (code,) = code_identities([job.config], job.folder)
    asked = [spec for spec in job.config.get(MEASURED, ()) if CODE in spec]
    plain = [{key: value for key, value in spec.items() if key != CODE} for spec in asked]
    if code != job.code or [plugins_hash(spec) for spec in plain] != [s[CODE] for s in asked]:
        names = ", ".join(modules) or "otlvm"
        raise CodeChangedError(
            f"the code of {names} is not what this suite was planned with: it was edited "
            "meanwhile, or this machine has another"
        )


def _digest(path: Path) -> bytes:
    try:
        return hashlib.sha256(path.read_bytes()).digest()
    except OSError:  # it was removed: that is an edit
        return b""
