"""Whether a record has the form that its readers rely on: anybody may have written it."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

STATUSES = ("done", "failed", "diverged", "timeout", "memory")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    try:
        return type(value) in (int, float) and math.isfinite(value)
    except OverflowError:  # a whole number that no float is as large as
        return False


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _mapping(of: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(map(of, value.values()))


def _list(of: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(of, value))


def _or_none(of: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or of(value)


def _time(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _file(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and _count(value.get("size"))
        and _count(value.get("mtime_ns"))
        and _text(value.get("sha256"))
    )


def _inside(name: str) -> bool:
    """Tell whether a file's name leads to a place inside its folder."""
    return bool(name) and "\0" not in name and not {"", ".", ".."} & set(name.split("/"))


def _divergence(value: Any) -> bool:
    return isinstance(value, dict) and {"term", "value", "step"} <= value.keys()


ALWAYS: Mapping[str, Callable[[Any], bool]] = {
    "config": lambda value: isinstance(value, dict),
    "seed": _count,
    "data_checksum": _text,
    "code": _text,
    "id": _text,
    "status": lambda value: isinstance(value, str) and value in STATUSES,
    "reason": _or_none(_text),
    "details": _or_none(_text),
    "diverged": _or_none(_divergence),
    "metrics": _mapping(_number),
    "side_by_side": _count,
    "started": _or_none(_time),
    "finished": _or_none(_time),
    "wall_seconds": _or_none(_number),
    "environment": lambda value: isinstance(value, dict),
    "files": lambda value: _mapping(_file)(value) and all(map(_inside, value)),
    "digest": _text,
}
LATER: Mapping[str, Callable[[Any], bool]] = {
    "label": _text,
    "metrics_failed": _mapping(_text),
    "pictures_failed": _or_none(_text),
    "unlabelled": _or_none(_list(_count)),
    "notes": _list(_text),
    "class_names": _or_none(_list(_text)),
}
"""What older records lack."""
ROW: Mapping[str, Callable[[Any], bool]] = {
    "label": _text,
    "method": _text,
    "data": _text,
    "seed": _count,
    "id": _text,
    "prior": _text,
    "components": _count,
}
MANIFEST: Mapping[str, Callable[[Any], bool]] = {
    "name": _text,
    "runs": _list(lambda row: isinstance(row, dict) and _fits(row, ROW) is None),
    "table": lambda value: isinstance(value, dict),
    "published": _list(lambda value: isinstance(value, dict)),
    "claims": _list(_text),
    "figures": _list(lambda value: isinstance(value, dict)),
    "metrics": _list(lambda value: isinstance(value, dict | str)),  # specs
    "numbers": _list(lambda value: isinstance(value, dict)),
    "measured": _list(lambda value: isinstance(value, dict) and _text(value.get("name"))),
}
"""Of a manifest, and of its rows: what is there."""


def misshapen(record: Mapping[str, Any]) -> str | None:
    """Return the name of a field that is missing or not of its form; None if all are."""
    missing = next((name for name in ALWAYS if name not in record), None)
    return missing or _fits(record, ALWAYS) or _fits(record, LATER)


def misshapen_manifest(manifest: Mapping[str, Any]) -> str | None:
    """Return the name of a part that is not of its form; None if all are."""
    return _fits(manifest, MANIFEST)


def _fits(value: Mapping[str, Any], form: Mapping[str, Callable[[Any], bool]]) -> str | None:
    """Return the name of a field that is there and does not fit."""
    return next((name for name, fits in form.items() if name in value and not fits(value[name])),
                None)  # fmt: skip
