"""The suite file, loaded and expanded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import otlvm
from otlvm.harness.code.plugins import named_modules
from otlvm.harness.config import set_field
from otlvm.harness.job import Limits
from otlvm.harness.messages import InputError
from otlvm.harness.metrics import METRICS
from otlvm.harness.suite.claims_section import check_claims
from otlvm.harness.suite.duplicates import RepeatedLabelError
from otlvm.harness.suite.expand import expand
from otlvm.harness.suite.figures_section import FigureEntry, check_figures
from otlvm.harness.suite.lock_section import Lock
from otlvm.harness.suite.metrics_section import asking, check_metrics, names_others
from otlvm.harness.suite.predecessors import check_starts
from otlvm.harness.suite.published_section import Published, choose_published
from otlvm.harness.suite.runs import Run
from otlvm.harness.suite.schema import SECTIONS, Spec, SuiteFile
from otlvm.harness.suite.source import Source, write_option
from otlvm.harness.suite.table_section import TableOptions, check_table
from otlvm.harness.suite.validation import validated
from otlvm.harness.suite.yaml import YamlFile
from otlvm.wording import did_you_mean

SUITES = Path(otlvm.__file__).parent.parent / "benchmarks" / "suites"
"""Found by path: a folder of that name elsewhere is somebody else's."""


@dataclass(frozen=True)
class Suite:
    """A loaded suite: its runs in the file's order, how to show them, where it is written."""

    name: str
    runs: list[Run]
    limits: Limits
    source: Source
    table: TableOptions
    published: Sequence[Published]
    claims: Sequence[str]
    figures: Sequence[FigureEntry]
    track: Sequence[Spec]
    lock: Lock | None
    metrics: Sequence[Spec] = ()

    @property
    def file(self) -> YamlFile:
        """Its file."""
        return self.source.file

    @property
    def folder(self) -> Path:
        """The file's folder, where plug-ins and relative paths of data are looked for."""
        return self.file.path.resolve().parent

    def plugins(self) -> set[str]:
        """Return the modules of the plug-ins that it names."""
        configs = [run.config for run in self.runs]
        return named_modules([configs, list(self.metrics), list(self.track)])

    def sections(self) -> dict[str, Any]:
        """Return what it says of tables, figures and claims, which decides no result."""
        said = {
            "metrics": list(self.metrics),
            "table": self.table.model_dump(exclude_defaults=True),
            "published": [row.model_dump(exclude_none=True) for row in self.published],
            "claims": list(self.claims),
            "figures": [row.model_dump(exclude_defaults=True) for row in self.figures],
        }
        return {section: content for section, content in said.items() if content}

    def locate(self, error: InputError) -> str:
        """Write an error with file, line and key path."""
        return self.source.locate(error)


def load_suite(path: Path, overrides: dict[str, Any] | None = None) -> Suite:
    """Read a suite file and expand it.

    Args:
        path: The YAML file.
        overrides: Values by dotted path, set in every run after everything else; or ``seeds``,
            ``name``, ``track``, ``metrics``.

    Raises:
        InputError: If anything is wrong; the message is complete.
    """
    try:
        file = YamlFile(path)
    except InputError as error:
        raise InputError(f"{path}: {error.message}") from error
    source = Source(file, overrides or {})
    content, fields = _with_overrides(file.content, overrides or {})
    try:
        suite = validated(SuiteFile, content)
        runs = expand(suite, fields, "seeds" in (overrides or {}))
        check_starts(runs)
        check_metrics(suite.metrics)
        known = None if names_others(suite.metrics) else METRICS
        check_table(suite.table, [run.config for run in runs], known)
        changed = any(path.partition(".")[0] == "train" for path in overrides or {})
        check_claims(suite.claims, runs, changed, known)
        check_figures(suite.figures, runs)
        published = choose_published(suite.published)
        runs = asking(runs, suite.metrics, suite.table, suite.claims)
    except RepeatedLabelError as error:
        raise RepeatedLabelError(source.locate(error), (), error.runs, source) from error
    except InputError as error:
        raise InputError(source.locate(error)) from error
    name, limits = suite.name or path.stem, suite.execution.limits()
    shown = (suite.table, published, suite.claims, suite.figures)
    return Suite(name, runs, limits, source, *shown, suite.track, suite.lock, suite.metrics)


def _with_overrides(content: Any, overrides: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Set what belongs to the whole suite; return the rest, which is set in every run."""
    fields = {}
    for path, value in overrides.items():
        root = path.partition(".")[0]
        if path in ("name", "seeds", "track", "metrics") or root == "execution":
            content = set_field(content, path, value) if isinstance(content, dict) else content
        elif root in SECTIONS:
            fields[path] = value
        else:
            roots = [*SECTIONS, "execution", "seeds", "name", "track", "metrics"]
            hint, known = did_you_mean(root, roots), ", ".join(roots)
            raise InputError(
                f"{write_option(path, value)}: unknown field{hint}; it starts with one of {known}"
            )
    return content, fields


def shipped_suites() -> list[str]:
    """Return the names of the suites that ship; those in a folder have its name before theirs."""
    paths = (path.relative_to(SUITES).with_suffix("") for path in SUITES.rglob("*.yaml"))
    return sorted(path.as_posix() for path in paths)


def find_suite(given: Path) -> Path:
    """Return a suite's file: the given one, or the one that ships under this name.

    Raises:
        InputError: If there is no such file and no such name.
    """
    if given.is_file() or given.suffix:
        return given
    names = shipped_suites()
    if given.as_posix() in names:
        return SUITES / f"{given}.yaml"
    folders = {name.rpartition("/")[0] for name in names}
    if given.name != str(given) and given.parent.as_posix() not in folders:
        return given
    hint = did_you_mean(given.as_posix(), names)
    raise InputError(
        f"{given}: no such file, and no suite of that name ships{hint}; these do: "
        f"{', '.join(names)}"
    )
