"""The suite file, loaded and expanded."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.expand import Run, expand
from benchmarks.fields import set_field
from benchmarks.figure_check import check_figures
from benchmarks.figure_schema import FigureEntry
from benchmarks.job import Limits
from benchmarks.lock import Lock
from benchmarks.published import choose_published
from benchmarks.schema import SECTIONS, Spec, SuiteFile
from benchmarks.starts import check_starts
from benchmarks.table_check import check_claims, check_table
from benchmarks.table_schema import Published, TableOptions
from benchmarks.validation import validated
from benchmarks.yaml_file import SuiteError, YamlFile, show_path
from otlvm.registry import did_you_mean


@dataclass(frozen=True)
class Suite:
    """A loaded suite: its runs in the file's order, how to show them, where to find keys."""

    name: str
    runs: list[Run]
    limits: Limits
    file: YamlFile
    table: TableOptions
    published: Sequence[Published]
    claims: Sequence[str]
    figures: Sequence[FigureEntry]
    track: Sequence[Spec]
    lock: Lock | None

    def locate(self, error: SuiteError) -> str:
        """Write an error with file, line and key path."""
        return describe(self.file, error)


def describe(file: YamlFile, error: SuiteError) -> str:
    """Write an error with file, line and the path of the nearest key that the file has."""
    path = error.path
    candidates = [path]
    if path[:1] in (("runs",), ("baselines",)):  # the entry's own, its grid's, or the suite's value
        field = path[2:]
        dotted = ".".join(str(key) for key in field)
        candidates += [(*path[:2], "grid", dotted), ("grid", dotted), field]
    found = [(candidate, file.find(candidate)) for candidate in candidates]
    whole = [hit for candidate, hit in found if hit and hit[0] == candidate]
    hit = whole[0] if whole else file.find(path)
    where = f"{file.path}:{hit[1]}" if hit else f"{file.path}"
    shown = show_path(whole[0][0] if whole else path)
    return f"{where}: {shown + ': ' if shown else ''}{error.message}"


def load_suite(path: Path, overrides: dict[str, Any] | None = None) -> Suite:
    """Read a suite file and expand it.

    Args:
        path: The YAML file.
        overrides: Values by dotted path, set in every run after everything else; or ``seeds``,
            ``name``, ``track``.

    Raises:
        SuiteError: If anything is wrong; the message is complete.
    """
    try:
        file = YamlFile(path)
    except SuiteError as error:
        raise SuiteError(f"{path}: {error.message}") from error
    try:
        content, fields = _with_overrides(file.content, overrides or {})
        suite = validated(SuiteFile, content)
        runs = expand(suite, fields, "seeds" in (overrides or {}))
        check_starts(runs)
        check_table(suite.table, [run.config for run in runs])
        changed = any(path.partition(".")[0] == "train" for path in overrides or {})
        check_claims(suite.claims, runs, changed)
        check_figures(suite.figures, runs)
        published = choose_published(suite.published)
    except SuiteError as error:
        raise SuiteError(describe(file, error)) from error
    name, limits = suite.name or path.stem, suite.execution.limits()
    shown = (suite.table, published, suite.claims, suite.figures)
    return Suite(name, runs, limits, file, *shown, suite.track, suite.lock)


def _with_overrides(content: Any, overrides: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Set what belongs to the whole suite; return the rest, which is set in every run."""
    fields = {}
    for path, value in overrides.items():
        root = path.partition(".")[0]
        if path in ("name", "seeds", "track") or root == "execution":
            content = set_field(content, path, value) if isinstance(content, dict) else content
        elif root in SECTIONS:
            fields[path] = value
        else:
            roots = [*SECTIONS, "execution", "seeds", "name", "track"]
            hint, known = did_you_mean(root, roots), ", ".join(roots)
            raise SuiteError(f"--set {path}: unknown field{hint}; it starts with one of {known}")
    return content, fields
