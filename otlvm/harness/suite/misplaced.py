"""Keys of a row, written into a spec or a section: where they belong."""

from collections.abc import Mapping
from typing import Any

from otlvm.harness.messages import KeyPath
from otlvm.wording import flow

BELONGS = {"label": "label", "seed": "seeds", "seeds": "seeds", "grid": "grid"}
"""Keys that are taken for those of an entry of ``runs:``."""
SECTIONS = ("data", "model", "objective", "train", "baseline")


def where_it_belongs(path: KeyPath, value: Any, baseline: Any = None) -> str:
    """Return ``; write ...`` for a key that an entry of ``runs:`` takes, else an empty text.

    Args:
        path: Key path of a key that is unknown where it stands.
        value: Its value.
        baseline: The item of ``baselines:`` that it stands in.
    """
    key = BELONGS.get(str(path[-1])) if path else None
    if key is None:
        return ""
    value = [value] if key == "seeds" and not isinstance(value, list) else value
    said = f"{key}: {flow(value, 40)}"
    if path[0] == "baselines":
        rest = _without(baseline, path[-1]) if isinstance(baseline, Mapping) else "..."
        entry = f"{said}, baseline: {rest}"
        return f"; a baseline's {key!r} is said in an entry of 'runs:': runs: [{{{entry}}}]"
    section = path[2] if path[0] == "runs" and len(path) > 3 else path[0]
    if section in SECTIONS:
        entry = f"{said}, {section}: ..."
        beside = f"an entry of 'runs:', beside {f'{section}:'!r} and not in it"
        return f"; {key!r} belongs to {beside}: runs: [{{{entry}}}]"
    if path == ("label",):
        return f"; {key!r} belongs to an entry of 'runs:': runs: [{{{said}, objective: ...}}]"
    return ""


def _without(spec: Mapping[str, Any], key: str | int) -> str:
    """Write a spec without a key; the bare name where nothing else is left."""
    rest = {name: value for name, value in spec.items() if name != key}
    return flow(rest["name"] if list(rest) == ["name"] else rest)
