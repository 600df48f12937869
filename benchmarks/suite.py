"""The suite file: its schema, and its expansion to runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from benchmarks.fields import Config, as_mapping, assignments, merge, set_field, show_value
from benchmarks.job import Limits
from benchmarks.schema import SECTIONS, Model, SuiteFile, TrainedConfig
from benchmarks.yaml_file import KeyPath, SuiteError, YamlFile, show_path
from otlvm.registry import did_you_mean, shorten

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Run:
    """One cell of a suite: a config, a seed, and the label of the row it belongs to.

    Attributes:
        label: Label of the table's row.
        seed: The seed.
        config: Resolved `TrainedConfig`, or ``data``, ``model`` and ``baseline``.
        origin: Key path of the entry that it came from, for error messages.
    """

    label: str
    seed: int
    config: Config
    origin: KeyPath


@dataclass(frozen=True)
class Suite:
    """A loaded suite: its name, its runs in the file's order, and where to find keys."""

    name: str
    runs: list[Run]
    limits: Limits
    file: YamlFile

    def locate(self, error: SuiteError) -> str:
        """Write an error with file, line and key path."""
        return describe(self.file, error)


def describe(file: YamlFile, error: SuiteError) -> str:
    """Write an error with file, line and the path of the nearest key that the file has."""
    path = error.path
    candidates = [path]
    if path[:1] == ("runs",):  # the value may come from the entry, its grid or the suite itself
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
            ``name``.

    Raises:
        SuiteError: If anything is wrong; the message is complete.
    """
    try:
        file = YamlFile(path)
    except SuiteError as error:
        raise SuiteError(f"{path}: {error.message}") from error
    try:
        content, fields = _with_overrides(file.content, overrides or {})
        suite = _validated(SuiteFile, content)
        runs = _expand(suite, fields, "seeds" in (overrides or {}))
        _refuse_duplicates(runs)
    except SuiteError as error:
        raise SuiteError(describe(file, error)) from error
    return Suite(suite.name or path.stem, runs, suite.execution.limits(), file)


def _validated(schema: type[M], content: Any, path: KeyPath = ()) -> M:
    if not isinstance(content, dict):
        raise SuiteError(f"expected keys and values, got {shorten(content)}", path)
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        problem = error.errors()[0]
        # A field of type `str | dict` names the branch that failed; no such key is in the file.
        branches = ("str", "dict[str,any]", "constrained-int", "constrained-str")
        where = tuple(key for key in problem["loc"] if key not in branches)
        message = f"{problem['msg']}, got {shorten(problem['input'])}"
        if where[-1:] == ("timeout",) or where[-1:] == ("checkpoint_every",):
            steps = "a number of steps, or " if where[-1] == "checkpoint_every" else ""
            got = shorten(problem["input"])
            message = f"expected {steps}a duration such as '90 s', '5 min' or '2 h', got {got}"
        if problem["type"] == "extra_forbidden":
            known = _known_keys(schema, where[:-1])
            hint = did_you_mean(str(where[-1]), known)
            message = f"unknown key{hint}; known: {', '.join(known)}"
        elif problem["type"] == "missing":
            message = "this key is needed"
        raise SuiteError(message, (*path, *where)) from error


def _known_keys(schema: type[BaseModel], path: KeyPath) -> list[str]:
    for key in path:
        if isinstance(key, str):
            annotation = schema.model_fields[key].annotation
            inner = [annotation, *getattr(annotation, "__args__", ())]
            schema = next(t for t in inner if isinstance(t, type) and issubclass(t, BaseModel))
    return list(schema.model_fields)


def _with_overrides(content: Any, overrides: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Set what belongs to the whole suite; return the rest, which is set in every run."""
    fields = {}
    for path, value in overrides.items():
        root = path.partition(".")[0]
        if path in ("name", "seeds") or root == "execution":
            content = set_field(content, path, value) if isinstance(content, dict) else content
        elif root in SECTIONS:
            fields[path] = value
        else:
            roots = [*SECTIONS, "execution", "seeds", "name"]
            hint, known = did_you_mean(root, roots), ", ".join(roots)
            raise SuiteError(f"--set {path}: unknown field{hint}; it starts with one of {known}")
    return content, fields


def _expand(suite: SuiteFile, fields: dict[str, Any], same_seeds: bool) -> list[Run]:
    if not suite.runs and not suite.baselines:
        raise SuiteError("nothing to run: give 'runs:' or 'baselines:'")
    base: Config = {key: as_mapping(getattr(suite, key)) for key in SECTIONS}
    runs = []
    for index, entry in enumerate(suite.runs):
        origin: KeyPath = ("runs", index)
        changes = {key: as_mapping(getattr(entry, key)) for key in SECTIONS}
        changes = {key: value for key, value in changes.items() if value is not None}
        for choice in assignments({**suite.grid, **entry.grid}):
            config = merge(base, changes)
            for path, value in {**choice, **fields}.items():
                config = set_field(config, path, as_mapping(value) if path in SECTIONS else value)
            if config["objective"] is None:
                raise SuiteError("no 'objective:', neither here nor for the whole suite", origin)
            resolved = _validated(TrainedConfig, config, origin).model_dump()
            resolved["model"] = {key: as_mapping(v) for key, v in resolved["model"].items()}
            label = _label(entry.label, resolved, choice, origin)
            seeds = suite.seeds if same_seeds else entry.seeds or suite.seeds
            runs += [Run(label, seed, resolved, origin) for seed in seeds]
    for index, baseline in enumerate(suite.baselines):
        config = {"data": base["data"], "model": {"network": "mlp", **suite.model}}
        for path, value in fields.items():
            if path.partition(".")[0] in config:
                config = set_field(config, path, as_mapping(value) if path in SECTIONS else value)
        model = _validated(Model, config["model"], ("model",)).model_dump()
        model = {key: as_mapping(value) for key, value in model.items()}
        config = {"data": config["data"], "model": model, "baseline": as_mapping(baseline)}
        options = {k: v for k, v in config["baseline"].items() if k != "name"}
        label = " ".join(
            [show_value(config["baseline"]), *(f"{k}={v}" for k, v in options.items())]
        )
        origin = ("baselines", index)
        runs += [Run(label, seed, config, origin) for seed in suite.seeds]
    return runs


def _label(template: str | None, config: Config, choice: dict[str, Any], origin: KeyPath) -> str:
    """Fill in a label's fields; without a label, build one from what is chosen."""
    values = {path: show_value(value) for path, value in choice.items()}
    short = {path.rpartition(".")[2]: value for path, value in values.items()}
    if template is None:
        objective = config["objective"]
        parts = [objective["name"], show_value(objective.get("divergence", ""))]
        parts += [f"{path.rpartition('.')[2]}={value}" for path, value in values.items()]
        return " ".join(part for part in parts if part)
    label = template
    for key, value in {**short, **values}.items():
        label = label.replace("{" + key + "}", value)
    if "{" in label:
        known = ", ".join("{" + key + "}" for key in short) or "none: the entry has no grid"
        raise SuiteError(f"unknown field in {template!r}; known: {known}", (*origin, "label"))
    return label


def _refuse_duplicates(runs: list[Run]) -> None:
    seen: dict[tuple[str, int], Run] = {}
    for run in runs:
        other = seen.setdefault((run.label, run.seed), run)
        if other is not run:
            raise SuiteError(
                f"label {run.label!r}, seed {run.seed} is also that of "
                f"{show_path(other.origin)}: name the grid's fields in the label, as in "
                f"'beta={{beta}}', and give each seed once",
                run.origin,
            )
