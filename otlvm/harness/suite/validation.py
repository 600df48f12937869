"""Reading plain values by a schema, with errors that name the key and the remedy."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from otlvm.harness.messages import InputError, KeyPath
from otlvm.harness.suite.misplaced import where_it_belongs
from otlvm.wording import did_you_mean, flow, shorten

M = TypeVar("M", bound=BaseModel)
BRANCH = re.compile(r"str|constrained-(int|str)|(dict|list)\[.*\]")
KINDS = {
    "string_type": "a valid string",
    "list_type": "a valid list",
    "dict_type": "keys and values",
    "model_type": "keys and values",
}
"""What pydantic's types of problems expect."""


class Strict(BaseModel):
    """A schema that takes no unknown key and converts no type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


def validated(schema: type[M], content: Any, path: KeyPath = ()) -> M:
    """Read content by a schema.

    Raises:
        InputError: At the first problem, with its key path below ``path``.
    """
    if not isinstance(content, dict):
        raise InputError(f"expected keys and values, got {_show(content)}", path)
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        where, problems = _first(error.errors())
        problem = problems[0]
        got = "nothing" if problem["input"] is None else _show(problem["input"])
        kinds = [KINDS.get(each["type"], "") for each in problems]
        wanted = f"expected {' or '.join(dict.fromkeys(kinds))}" if all(kinds) else problem["msg"]
        message = f"{wanted}, got {got}"
        if where[-1:] == ("timeout",) or where[-1:] == ("checkpoint_every",):
            steps = "a number of steps, or " if where[-1] == "checkpoint_every" else ""
            message = f"expected {steps}a duration such as '90 s', '5 min' or '2 h', got {got}"
        if problem["type"] == "extra_forbidden":
            known = _known_keys(schema, where[:-1])
            hint = did_you_mean(str(where[-1]), known)
            hint = where_it_belongs((*path, *where), problem["input"]) or hint
            message = f"unknown key{hint}; known: {', '.join(known)}"
        elif problem["type"] == "missing":
            message = "this key is needed"
        elif problem["type"] == "value_error":  # of a check of ours, which says all
            message = str(problem["ctx"]["error"])
        raise InputError(message, (*path, *where)) from error


def _show(value: Any) -> str:
    """Write a value as the file may have it; a text in quotes."""
    return shorten(value) if isinstance(value, str) else flow(value)


def _first(problems: Sequence[Mapping[str, Any]]) -> tuple[KeyPath, list[Mapping[str, Any]]]:
    """Return the place of the first problem and what is wrong there.

    A value of several types has a problem for each; those that lie deeper are of the type that was
    meant. Their places name the type too, which is no key of the file.
    """
    places = [
        tuple(key for key in each["loc"] if not BRANCH.fullmatch(str(key))) for each in problems
    ]
    below = [place for place in places if place[: len(places[0])] == places[0]]
    where = max(below, key=len)
    return where, [each for each, place in zip(problems, places, strict=True) if place == where]


def _known_keys(schema: type[BaseModel], path: KeyPath) -> list[str]:
    for key in path:
        if isinstance(key, str):
            annotation = schema.model_fields[key].annotation
            inner = [annotation, *getattr(annotation, "__args__", ())]
            schema = next(t for t in inner if isinstance(t, type) and issubclass(t, BaseModel))
    return list(schema.model_fields)
