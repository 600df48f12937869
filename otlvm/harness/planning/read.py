"""A suite, read; where its labels repeat, the cause is looked for."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from otlvm.harness.messages import InputError
from otlvm.harness.planning.arrays import with_arrays
from otlvm.harness.suite.duplicates import RepeatedLabelError
from otlvm.harness.suite.load import Suite, load_suite
from otlvm.plugins import find_plugins_in


def read_suite(path: Path, overrides: dict[str, Any] | None = None) -> Suite:
    """Read a suite as `load_suite` does, with the arrays that it names; see `with_arrays`.

    A mistyped field is told before labels that it repeats.

    Raises:
        InputError: If anything is wrong; the message is complete.
    """
    try:
        suite = load_suite(path, overrides)
    except RepeatedLabelError as error:
        from otlvm.data import relative_to  # torch, which a good suite can spare
        from otlvm.harness.planning.parts import prepare

        source = error.source
        if source is not None and "lock" not in source.file.content:  # a stranger's, maybe
            for folder in (Path.cwd(), source.file.path.resolve().parent):
                find_plugins_in(folder)
            try:
                folder = source.file.path.resolve().parent
                with relative_to(folder):
                    prepare(with_arrays(error.runs, folder))
            except InputError as cause:
                raise InputError(source.locate(cause)) from cause
        raise
    try:
        return replace(suite, runs=with_arrays(suite.runs, suite.folder))
    except InputError as error:
        raise InputError(suite.locate(error)) from error
