"""From a suite to its runs: overlays, grids, seeds, labels."""

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from otlvm.harness.config import (
    Config,
    as_mapping,
    assignments,
    data_names,
    merge,
    set_field,
    tell_values_apart,
    without_field,
)
from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.suite.duplicates import refuse_duplicates
from otlvm.harness.suite.labels import write_label
from otlvm.harness.suite.overruled import refuse_overruled
from otlvm.harness.suite.plain import check_plain
from otlvm.harness.suite.runs import Run
from otlvm.harness.suite.schema import SECTIONS, BaselineConfig, Entry, SuiteFile, TrainedConfig
from otlvm.harness.suite.validation import validated

LENGTHS = {"train.steps": "train.epochs", "train.epochs": "train.steps"}
"""Two ways to say one thing: who says one of them takes back what was said in the other."""
MOST_ROWS = 100_000
"""And as many runs at most."""


def expand(suite: SuiteFile, fields: Config, same_seeds: bool) -> list[Run]:
    """Expand a suite to its runs, in the file's order.

    Args:
        suite: The suite.
        fields: Values by dotted path, set in every run after everything else.
        same_seeds: Whether the suite's seeds replace those of its entries.

    Raises:
        InputError: If an entry does not fit, there are too many rows, or two runs have the same
            label, data and seed.
    """
    if not suite.runs and not suite.baselines:
        raise InputError("nothing to run: give 'runs:' or 'baselines:'")
    _refuse_too_many(suite, same_seeds)
    runs: list[Run] = []
    for origin, entry in _entries(suite):
        seeds = _seeds(suite, entry, same_seeds)
        for label, config in _configs(suite, entry, fields, origin):
            if len(set(seeds)) < len(seeds):
                ((seed, _),) = Counter(seeds).most_common(1)
                message = f"label {label!r}, seed {seed} is there twice: give each seed once"
                raise InputError(message, (*origin, "seeds"))
            runs += [Run(label, seed, config, origin) for seed in seeds]
    runs = _with_data(runs)
    refuse_duplicates(runs)
    return runs


def _seeds(suite: SuiteFile, entry: Entry, same_seeds: bool) -> list[int]:
    return suite.seeds if same_seeds else entry.seeds or suite.seeds


def _refuse_too_many(suite: SuiteFile, same_seeds: bool) -> None:
    """Refuse rows, and runs, that would fill the memory, before they are built."""
    rows = runs = 0
    for origin, entry in _entries(suite):
        more = math.prod(map(len, _grid(suite, entry).values()))
        rows, runs = rows + more, runs + more * len(_seeds(suite, entry, same_seeds))
        if rows > MOST_ROWS:
            raise InputError(
                f"the grids make {rows:,} rows, more than the {MOST_ROWS:,} that a suite may have: "
                "shorten their lists, or split the suite",
                (*origin, "grid"),
            )
        if runs > MOST_ROWS:
            raise InputError(
                f"rows and seeds make {runs:,} runs, more than the {MOST_ROWS:,} that a suite may "
                "have: take fewer seeds, or split the suite",
                ("seeds",),
            )


def _grid(suite: SuiteFile, entry: Entry) -> dict[str, list[Any]]:
    """Return an entry's grid; one over what is trained does not concern a baseline."""
    shared = suite.grid
    if entry.baseline is not None:
        shared = {key: v for key, v in shared.items() if key.partition(".")[0] == "data"}
    return {**shared, **entry.grid}


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
    if is_baseline:
        fields = {key: v for key, v in fields.items() if key.partition(".")[0] in known}
    grid = _grid(suite, entry)
    own = {key: (*origin, "grid", key) for key in entry.grid}
    refuse_overruled(grid, {**{key: ("grid", key) for key in grid}, **own}, fields)
    texts = {path: tell_values_apart(values) for path, values in grid.items()}
    for choice, shown in zip(assignments(grid), assignments(texts), strict=True):
        config = merge(_of_one_length(base, changes), changes)
        for path, value in {**choice, **fields}.items():
            whole = path in (*SECTIONS, "baseline")
            if (other := LENGTHS.get(path)) and other not in grid:
                config = without_field(config, other)
            config = set_field(config, path, as_mapping(value) if whole else value)
        if config["data"] is None:
            raise InputError("this key is needed", ("data",))
        if not is_baseline and config["objective"] is None:
            raise InputError("no 'objective:', neither here nor for the whole suite", origin)
        resolved = validated(schema, config, origin).model_dump()
        check_plain(resolved, origin)
        for section in ("model", "train"):  # their specs may be bare names
            if section in resolved:
                resolved[section] = _with_specs(resolved[section])
        yield write_label(entry.label, resolved, shown, origin), resolved


def _of_one_length(base: Config, changes: Config) -> Config:
    """Leave out how long the suite trains where an entry says it in the other way."""
    own = changes.get("train") or {}
    for path, other in LENGTHS.items():
        if path.partition(".")[2] in own and other.partition(".")[2] not in own:
            base = without_field(base, other)
    return base


def _with_specs(section: Config) -> Config:
    specs = ("network", "prior", "inference", "likelihood", "start", "optimizer", "schedule")
    return {key: as_mapping(v) if key in specs else v for key, v in section.items()}


def _with_data(runs: list[Run]) -> list[Run]:
    """Name the data set of each run, in the label too where a label stands for several."""
    names = data_names([run.config["data"] for run in runs])
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
