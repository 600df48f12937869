"""Nested mappings: merging, setting a field by its dotted path, grids and labels."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Config = dict[str, Any]


PLACES = ("path", "root")
"""Parameters of data sets that say where files are, not what they hold."""
MEASURED = "metrics"
"""The field of a config that says what is measured on request."""
CODE = "code"
"""What a plug-in there has besides its parameters: the hash of its code."""


def as_mapping(value: Any) -> Any:
    """Write a bare name as the spec that it stands for; leave the rest alone."""
    return {"name": value} if isinstance(value, str) else value


def merge(base: Any, change: Any) -> Any:
    """Overlay a mapping on another, recursively.

    A spec with another name replaces the whole spec: parameters of one divergence mean nothing
    to the next.
    """
    if isinstance(base, str) and isinstance(change, Mapping):
        base = as_mapping(base)
    if not isinstance(base, Mapping) or not isinstance(change, Mapping):
        return change
    if "name" in change and base.get("name") != change["name"]:
        return dict(change)
    return {**base, **{key: merge(base.get(key), value) for key, value in change.items()}}


def set_field(config: Config, path: str, value: Any) -> Config:
    """Return the config with one field changed, for example ``objective.divergence.blur``."""
    key, _, rest = path.partition(".")
    if not rest:
        return {**config, key: value}
    inner = as_mapping(config.get(key, {}))
    return {
        **config,
        key: set_field(dict(inner) if isinstance(inner, Mapping) else {}, rest, value),
    }


def assignments(grid: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield every combination of a grid's values; the last field varies fastest."""
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def show_value(value: Any) -> str:
    """Write a value for a label: a spec by its name, a float as short as it can be."""
    if isinstance(value, Mapping) and "name" in value:
        return str(value["name"])
    return f"{value:g}" if isinstance(value, float) else str(value)


def tell_apart(specs: Sequence[Config]) -> list[str]:
    """Write specs by their names, with the parameters in which those of one name differ."""
    seen: dict[tuple[str, str], set[str]] = {}
    keys = {(show_value(spec), key) for spec in specs for key in spec}
    for spec in specs:
        for name, key in keys:
            if name == show_value(spec):
                seen.setdefault((name, key), set()).add(repr(spec.get(key)))
    names = []
    for spec in specs:
        name = show_value(spec)
        differing = [key for key in spec if len(seen[name, key]) > 1]
        names.append(" ".join([name, *(f"{key}={show_value(spec[key])}" for key in differing)]))
    return names


def get_field(config: Any, path: str) -> Any:
    """Return the value at a dotted path, a bare name's ``name`` too; None if there is nothing."""
    for key in path.split("."):
        config = as_mapping(config)
        config = config.get(key) if isinstance(config, Mapping) else None
    return config


def fields_of(config: Config) -> Iterator[str]:
    """Yield the dotted path of each value of a config that is not a mapping."""
    for key, value in config.items():
        if isinstance(value, Mapping):
            yield from (f"{key}.{inner}" for inner in fields_of(dict(value)))
        else:
            yield key


def data_key(config: Config) -> str:
    """Return what tells one data set of a suite from another."""
    return repr(sorted(config["data"].items()))


def without_places(config: Any) -> Any:
    """Return a config without what decides no result.

    That is where its data lie, for their checksum says what they are, and what is measured of the
    trained model: to ask for more, or for less, makes no other run.
    """
    if not isinstance(config, Mapping):
        return config
    kept = {key: value for key, value in config.items() if key != MEASURED}
    data = kept.get("data")
    if not isinstance(data, Mapping):
        return kept
    return {**kept, "data": {key: v for key, v in data.items() if key not in PLACES}}
