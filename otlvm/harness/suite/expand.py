"""From a suite to its runs: overlays, grids, seeds, labels."""

import re
from collections.abc import Iterator
from dataclasses import replace

from otlvm.harness.config import (
    Config,
    as_mapping,
    assignments,
    merge,
    set_field,
    show_value,
    tell_apart,
)
from otlvm.harness.messages import InputError, KeyPath, show_path
from otlvm.harness.suite.runs import BRACES, Run
from otlvm.harness.suite.schema import SECTIONS, BaselineConfig, Entry, SuiteFile, TrainedConfig
from otlvm.harness.suite.validation import validated

FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}?")
"""A brace that stands for itself, or a field of a label; without its end it is unknown too."""


def expand(suite: SuiteFile, fields: Config, same_seeds: bool) -> list[Run]:
    """Expand a suite to its runs, in the file's order.

    Args:
        suite: The suite.
        fields: Values by dotted path, set in every run after everything else.
        same_seeds: Whether the suite's seeds replace those of its entries.

    Raises:
        InputError: If an entry does not fit, or two runs have the same label, data and seed.
    """
    if not suite.runs and not suite.baselines:
        raise InputError("nothing to run: give 'runs:' or 'baselines:'")
    runs = []
    for origin, entry in _entries(suite):
        seeds = suite.seeds if same_seeds else entry.seeds or suite.seeds
        for label, config in _configs(suite, entry, fields, origin):
            runs += [Run(label, seed, config, origin) for seed in seeds]
    runs = _with_data(runs)
    _refuse_duplicates(runs)
    return runs


def _entries(suite: SuiteFile) -> Iterator[tuple[KeyPath, Entry]]:
    for index, entry in enumerate(suite.runs):
        yield ("runs", index), entry
    for index, baseline in enumerate(suite.baselines):
        yield ("baselines", index), Entry(baseline=baseline)


def _configs(
    suite: SuiteFile, entry: Entry, fields: Config, origin: KeyPath
) -> Iterator[tuple[str, Config]]:
    """Yield label and config of each combination of an entry's grid."""
    is_baseline = entry.baseline is not None
    schema = BaselineConfig if is_baseline else TrainedConfig
    known = tuple(schema.model_fields)
    base: Config = {key: as_mapping(getattr(suite, key, None)) for key in known}
    changes = {key: as_mapping(getattr(entry, key)) for key in known}
    changes = {key: value for key, value in changes.items() if value is not None}
    for key in (*SECTIONS, "baseline"):
        if key not in known and getattr(entry, key) is not None:
            raise InputError(f"a baseline has no {key!r}", (*origin, key))
    shared = suite.grid
    if is_baseline:  # a grid over what is trained does not concern it
        shared = {key: v for key, v in suite.grid.items() if key.partition(".")[0] == "data"}
        fields = {key: v for key, v in fields.items() if key.partition(".")[0] in known}
    for choice in assignments({**shared, **entry.grid}):
        config = merge(base, changes)
        for path, value in {**choice, **fields}.items():
            whole = path in (*SECTIONS, "baseline")
            config = set_field(config, path, as_mapping(value) if whole else value)
        if config["data"] is None:
            raise InputError("this key is needed", ("data",))
        if not is_baseline and config["objective"] is None:
            raise InputError("no 'objective:', neither here nor for the whole suite", origin)
        resolved = validated(schema, config, origin).model_dump()
        for section in ("model", "train"):  # their specs may be bare names
            if section in resolved:
                resolved[section] = _with_specs(resolved[section])
        yield _label(entry.label, resolved, choice, origin), resolved


def _with_specs(section: Config) -> Config:
    specs = ("network", "prior", "likelihood", "start")
    return {key: as_mapping(v) if key in specs else v for key, v in section.items()}


def _label(template: str | None, config: Config, choice: Config, origin: KeyPath) -> str:
    """Fill in a label's fields; without a label, build one from what is chosen."""
    values = {path: show_value(value) for path, value in choice.items()}
    short = {path.rpartition(".")[2]: value for path, value in values.items()}
    if template is None:
        if "baseline" in config:
            options = {key: v for key, v in config["baseline"].items() if key != "name"}
            parts = [show_value(config["baseline"]), *(f"{k}={v}" for k, v in options.items())]
        else:
            objective = config["objective"]
            parts = [objective["name"], show_value(objective.get("divergence", ""))]
        parts += [
            f"{path.rpartition('.')[2]}={value}"
            for path, value in values.items()
            if path.partition(".")[0] not in ("data", "baseline")  # already said, or said for all
        ]
        return " ".join(part for part in parts if part)
    known = {**short, **values}

    def fill(found: re.Match[str]) -> str:
        if found[0] in BRACES:
            return BRACES[found[0]]
        if found[1] in known:
            return known[found[1]]
        fields = ", ".join("{" + key + "}" for key in short) or "none: the entry has no grid"
        raise InputError(
            f"unknown field in {template!r}; known: {fields}; {{{{ and }}}} stand for braces",
            (*origin, "label"),
        )

    return FIELD.sub(fill, template)


def _with_data(runs: list[Run]) -> list[Run]:
    """Name the data set of each run, in the label too where a label stands for several."""
    names = tell_apart([run.config["data"] for run in runs])
    used: dict[str, set[str]] = {}
    for run, name in zip(runs, names, strict=True):
        used.setdefault(run.label, set()).add(name)
    return [
        replace(
            run,
            label=f"{run.label}, {name}" if len(used[run.label]) > 1 else run.label,
            method=run.label,
            data=name,
        )
        for run, name in zip(runs, names, strict=True)
    ]


def _refuse_duplicates(runs: list[Run]) -> None:
    """Refuse a run that is there twice, and a label of two configs: their mean means nothing."""
    seen: dict[tuple[str, int], Run] = {}
    rows: dict[str, Run] = {}
    for run in runs:
        other = seen.setdefault((run.label, run.seed), run)
        if other is not run:
            raise InputError(
                f"label {run.label!r}, seed {run.seed} is also that of "
                f"{show_path(other.origin)}: name the grid's fields in the label, as in "
                f"'beta={{beta}}', and give each seed once",
                run.origin,
            )
        first = rows.setdefault(run.label, run)
        if first.config != run.config:
            raise InputError(
                f"label {run.label!r} is also that of {show_path(first.origin)}, whose config is "
                f"another: runs of one label are averaged",
                run.origin,
            )
