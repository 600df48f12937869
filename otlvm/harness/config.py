"""Nested mappings: merging, setting a field by its dotted path, grids and labels."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from otlvm.wording import flow, within

Config = dict[str, Any]


PLACES = ("path", "root")
"""Parameters of data sets that say where files are, not what they hold."""
MEASURED = "metrics"
"""The field of a config that says what is measured on request."""
WAYS = "measured"
"""The part of a manifest that says how its suite asks for that, as configs do."""
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


def without_field(config: Config, path: str) -> Config:
    """Return the config without one field, given by its dotted path."""
    key, _, rest = path.partition(".")
    if not rest:
        return {name: value for name, value in config.items() if name != key}
    inner = config.get(key)
    return (
        {**config, key: without_field(dict(inner), rest)} if isinstance(inner, Mapping) else config
    )


def assignments(grid: Mapping[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """Yield every combination of a grid's values; the last field varies fastest."""
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def show_value(value: Any, most: int = 200) -> str:
    """Write a value for a label: ``wae(divergence=imq_mmd, weight=5)``, a float as short as it is.

    Args:
        value: The value.
        most: Characters to show.
    """
    return within(_shown(value), most)


def _shown(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        named = "name" in value
        options = [key for key in value if not (named and key == "name")]
        yield str(value["name"]) if named else ""
        yield "(" if options or not named else ""
        for i, key in enumerate(options):
            yield f"{', ' if i else ''}{key}="
            yield from _shown(value[key])
        yield ")" if options or not named else ""
    elif isinstance(value, list | tuple):
        yield "["
        for i, inner in enumerate(value):
            yield ", " if i else ""
            yield from _shown(inner)
        yield "]"
    else:
        yield f"{value:g}" if isinstance(value, float) else flow(value)


def name_of(value: Any) -> str:
    """Write a spec by its name alone, and another value as `show_value` does."""
    if isinstance(value, Mapping) and "name" in value:
        return str(value["name"])
    return show_value(value)


def tell_apart(specs: Sequence[Config]) -> list[str]:
    """Write specs by their names, with the parameters in which those of one name differ."""
    names = []
    for spec, differing in zip(specs, differences(specs), strict=True):
        options = (f"{key}={show_value(value)}" for key, value in differing.items())
        names.append(" ".join([name_of(spec), *options]))
    return names


def data_names(specs: Sequence[Config]) -> list[str]:
    """Write data sets as `tell_apart` does; those that are read from a file by the file's name."""
    return tell_apart([_by_file(spec) for spec in specs])


def _by_file(spec: Config) -> Config:
    path = spec.get("path")
    name = show_value(PurePath(path).stem) if isinstance(path, str) else ""
    return {"kind": name_of(spec), **spec, "name": name} if name else spec


def differences(specs: Sequence[Mapping[str, Any]]) -> list[Config]:
    """Return the parameters of each spec in which those of its name differ."""
    first: dict[str, Mapping[str, Any]] = {}
    keys: dict[str, set[str]] = {}
    for spec in specs:
        other = first.setdefault(name_of(spec), spec)
        if other != spec:
            found = {key for key in {*other, *spec} if other.get(key) != spec.get(key)}
            keys.setdefault(name_of(spec), set()).update(found)
    return [{k: v for k, v in spec.items() if k in keys.get(name_of(spec), ())} for spec in specs]


def tell_values_apart(values: Sequence[Any]) -> list[str]:
    """Write a grid's values: specs by name and, in brackets, what tells those of one name apart."""
    specs = [as_mapping(value) for value in values]
    named = [spec for spec in specs if isinstance(spec, Mapping) and "name" in spec]
    differing = iter(differences(named))
    return [
        show_value({"name": spec["name"], **next(differing)})
        if isinstance(spec, Mapping) and "name" in spec
        else show_value(spec)
        for spec in specs
    ]


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

    That is where its data and the saved models lie that it starts from, for checksums say what they
    are, and what is measured of the trained model: to ask for more, or for less, makes no other
    run.
    """
    if not isinstance(config, Mapping):
        return config
    kept = move_saved_models({key: v for key, v in config.items() if key != MEASURED}, lambda _: "")
    data = kept.get("data")
    if not isinstance(data, Mapping):
        return kept
    return {**kept, "data": {key: v for key, v in data.items() if key not in PLACES}}


def saved_models(spec: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, str]]:
    """Yield the folders of saved models that a start's parts start from, with their key paths.

    Args:
        spec: The start. What it names itself is a row, and no folder.
        path: Where it stands.
    """
    if path and isinstance(spec, Mapping) and spec.get("name") == "trained":
        yield path, str(spec.get("run"))
    for key, value in _inner(spec):
        yield from saved_models(value, (*path, key))


def move_saved_models(config: Config, move: Callable[[str], Any]) -> Config:
    """Return a config that names the folders of saved models otherwise; see `saved_models`."""
    start = get_field(config, "train.start")
    if not any(saved_models(start)):
        return config
    return set_field(config, "train.start", _moved(start, move, False))


def _moved(spec: Any, move: Callable[[str], Any], inside: bool) -> Any:
    if isinstance(spec, list | tuple):
        return [_moved(value, move, True) for value in spec]
    if not isinstance(spec, Mapping):
        return spec
    moved = {key: _moved(value, move, True) for key, value in spec.items()}
    here = inside and spec.get("name") == "trained"
    return {**moved, "run": move(str(spec.get("run")))} if here else moved


def _inner(spec: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(spec, Mapping):
        return spec.items()
    return enumerate(spec) if isinstance(spec, list | tuple) else ()


NOTHING = object()


def common(configs: Iterable[Config]) -> Config:
    """Return the fields that configs share; a section that some have not is shared by the others.

    Specs of another name share nothing.
    """
    shared: Config = {}
    for config in configs:
        for key, value in config.items():
            shared[key] = _shared(shared.get(key, value), value)
    return {key: value for key, value in shared.items() if value is not NOTHING}


def _shared(one: Any, other: Any) -> Any:
    """Return what two values share."""
    if alike(one, other):
        return one
    if not isinstance(one, Mapping) or not isinstance(other, Mapping):
        return NOTHING
    if one.get("name") != other.get("name"):
        return NOTHING
    pairs = ((key, _shared(one[key], other[key])) for key in one if key in other)
    both = {key: value for key, value in pairs if value is not NOTHING}
    return both or NOTHING


def beyond(config: Config, shared: Config) -> Config:
    """Return the fields of a config that are not those that configs share."""
    fields: Config = {}
    for key, value in config.items():
        if key not in shared:
            fields[key] = value
        elif not alike(value, shared[key]) and (own := beyond(value, shared[key])):
            fields[key] = own
    return fields


def alike(one: Any, other: Any) -> bool:
    """Tell whether two values are written the same: 1, 1.0 and true are equal, and are not."""
    return one is other or (one == other and repr(one) == repr(other))
